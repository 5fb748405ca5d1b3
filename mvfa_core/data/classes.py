"""The class folders of the paper's datasets, with their numbers of pictures where the authors give them."""

from __future__ import annotations


def counted(text: str, each: int | None = None) -> dict[str, int | None]:
    """Folder -> pictures, from "name number name number ..." or, with `each` or without numbers, from names alone."""
    words = text.split()
    if len(words) > 1 and words[1].isdigit():
        return dict(zip(words[::2], map(int, words[1::2]), strict=True))
    return dict.fromkeys(words, each)


IMAGENETTE = counted("""
    n01440764 1350 n02102040 1350 n02979186 1350 n03000684 1244 n03028079 1350 n03394916 1350 n03417042 1350
    n03425413 1350 n03445777 1350 n03888257 1350
""")

IMAGENETTE_NAMES = dict(
    zip(
        IMAGENETTE,
        ("tench", "English springer", "cassette player", "chain saw", "church", "French horn", "garbage truck",
         "gas pump", "golf ball", "parachute"),
        strict=True,
    )
)  # fmt: skip
"""The ids in words, as torchvision has them."""

CALTECH101 = counted("""
    Faces Faces_easy Leopards Motorbikes accordion airplanes anchor ant barrel bass beaver binocular bonsai brain
    brontosaurus buddha butterfly camera cannon car_side ceiling_fan cellphone chair chandelier cougar_body cougar_face
    crab crayfish crocodile crocodile_head cup dalmatian dollar_bill dolphin dragonfly electric_guitar elephant emu
    euphonium ewer ferry flamingo flamingo_head garfield gerenuk gramophone grand_piano hawksbill headphone hedgehog
    helicopter ibis inline_skate joshua_tree kangaroo ketch lamp laptop llama lobster lotus mandolin mayfly menorah
    metronome minaret nautilus octopus okapi pagoda panda pigeon pizza platypus pyramid revolver rhino rooster saxophone
    schooner scissors scorpion sea_horse snoopy soccer_ball stapler starfish stegosaurus stop_sign strawberry sunflower
    tick trilobite umbrella watch water_lilly wheelchair wild_cat windsor_chair wrench yin_yang
""")

SCENE15 = counted("""
    CALsuburb 241 MITcoast 360 MITforest 328 MIThighway 260 MITinsidecity 308 MITmountain 374 MITopencountry 410
    MITstreet 292 MITtallbuilding 356 PARoffice 215 bedroom 216 industrial 311 kitchen 210 livingroom 289 store 315
""")

INDOOR67 = counted("""
    airport_inside artstudio auditorium bakery bar bathroom bedroom bookstore bowling buffet casino children_room
    church_inside classroom cloister closet clothingstore computerroom concert_hall corridor deli dentaloffice
    dining_room elevator fastfood_restaurant florist gameroom garage greenhouse grocerystore gym hairsalon hospitalroom
    inside_bus inside_subway jewelleryshop kindergarden kitchen laboratorywet laundromat library livingroom lobby
    locker_room mall meeting_room movietheater museum nursery office operating_room pantry poolinside prisoncell
    restaurant restaurant_kitchen shoeshop stairscase studiomusic subway toystore trainstation tv_studio videostore
    waitingroom warehouse winecellar
""")

ACTION40 = counted("""
    applauding blowing_bubbles brushing_teeth cleaning_the_floor climbing cooking cutting_trees cutting_vegetables
    drinking feeding_a_horse fishing fixing_a_bike fixing_a_car gardening holding_an_umbrella jumping
    looking_through_a_microscope looking_through_a_telescope phoning playing_guitar playing_violin pouring_liquid
    pushing_a_cart reading riding_a_bike riding_a_horse rowing_a_boat running shooting_an_arrow smoking taking_photos
    texting_message throwing_frisby using_a_computer walking_the_dog washing_dishes watching_TV waving_hands
    writing_on_a_board writing_on_a_book
""")

EVENT8 = counted("""
    RockClimbing 194 badminton 200 bocce 137 croquet 236 polo 182 rowing 250 sailing 190 snowboarding 190
""")

UCMERCED = counted(
    """
    agricultural airplane baseballdiamond beach buildings chaparral denseresidential forest freeway golfcourse harbor
    intersection mediumresidential mobilehomepark overpass parkinglot river runway sparseresidential storagetanks
    tenniscourt
    """,
    each=100,
)

RSSCN7 = counted("aGrass bField cIndustry dRiverLake eForest fResident gParking", each=400)

AID = counted("""
    Airport 360 BareLand 310 BaseballField 220 Beach 400 Bridge 360 Center 260 Church 240 Commercial 350
    DenseResidential 410 Desert 300 Farmland 370 Forest 250 Industrial 390 Meadow 280 MediumResidential 290 Mountain 340
    Park 350 Parking 390 Playground 370 Pond 420 Port 380 RailwayStation 260 Resort 290 River 410 School 300
    SparseResidential 300 Square 330 Stadium 290 StorageTanks 360 Viaduct 420
""")

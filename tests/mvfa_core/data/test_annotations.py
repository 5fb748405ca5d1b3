"""Boxes from files: what is read, in whose pixels, and what is refused with which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from mvfa_core.data.annotations import BoxAnnotation, match, read_boxes
from mvfa_core.data.sets import DataError

VOC = """<annotation><folder>x</folder><filename>a.jpg</filename>
<size><width>500</width><height>375</height><depth>3</depth></size>
<object><name>cat</name><bndbox><xmin>48</xmin><ymin>240</ymin><xmax>195</xmax><ymax>371</ymax></bndbox></object>
<object><name>dog</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>500</xmax><ymax>375</ymax></bndbox>
<part><name>head</name><bndbox><xmin>5</xmin><ymin>5</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></part></object>
</annotation>"""
BOMB = (
    '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;&x;&x;">]><annotation><filename>&y;</filename></annotation>'
)
FETCH = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotation><filename>&x;</filename></annotation>'


def written(folder: Path, text: str, name: str = "boxes.csv") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_a_csv_with_boxes_of_two_pictures(tmp_path: Path) -> None:
    text = "split,file,x0,y0,x1,y1\nval,a.jpg,0,1,10,12.5\nval,b.jpg,3,4,5,6\nval,a.jpg,20,21,22,23\n"
    a, b = read_boxes(written(tmp_path, text))
    assert (a.file, a.boxes_N4.tolist(), a.size_px) == ("a.jpg", [[0, 1, 10, 12.5], [20, 21, 22, 23]], None)
    assert (b.file, b.boxes_N4.tolist()) == ("b.jpg", [[3, 4, 5, 6]])


@pytest.mark.parametrize(
    ("header", "line", "size"),
    [
        ("wnid,file,x0_224,y0_224,x1_224,y1_224", "n1,a.jpg,1,2,3,4", (224, 224)),
        ("filename,width,height,class,xmin,ymin,xmax,ymax", "a.jpg,500,375,cat,1,2,3,4", (500, 375)),
        ("image, x_min, y_min, x_max, y_max", "a.jpg, 1, 2, 3, 4", None),
        ("\ufeffFile,X0,Y0,X1,Y1", "a.jpg,1,2,3,4", None),
    ],
)
def test_headers(tmp_path: Path, header: str, line: str, size: tuple[float, float] | None) -> None:
    (found,) = read_boxes(written(tmp_path, f"{header}\n{line}\n"))
    assert (found.file, found.boxes_N4.tolist(), found.size_px) == ("a.jpg", [[1, 2, 3, 4]], size)


def test_a_box_is_cut_at_the_edges_of_its_picture(tmp_path: Path) -> None:
    (found,) = read_boxes(written(tmp_path, "file,x0_100,y0_100,x1_100,y1_100\na.jpg,-5,3,120,9\n"))
    assert found.boxes_N4.tolist() == [[0, 3, 100, 9]]


def test_voc_counts_from_one_and_names_the_last_pixel(tmp_path: Path) -> None:
    """The whole picture is 1 to 500; parts of objects are no objects."""
    (found,) = read_boxes(written(tmp_path, VOC, "a.xml"))
    assert found.boxes_N4.tolist() == [[47, 239, 195, 371], [0, 0, 500, 375]]
    assert (found.file, found.size_px) == ("a.jpg", (500, 375))


def test_a_folder_of_voc(tmp_path: Path) -> None:
    written(tmp_path, VOC, "a.xml")
    written(tmp_path, VOC.replace("a.jpg", "b.jpg").replace("<width>500", "<width>0"), "b.xml")
    assert [(one.file, one.size_px) for one in read_boxes(tmp_path)] == [("a.jpg", (500, 375)), ("b.jpg", None)]


BROKEN = {
    "empty": ("", ("header", "got nothing")),
    "no boxes": ("file,x0,y0,x1,y1\n", ("a line for every box", "none")),
    "another header": ("a,b,c\n1,2,3\n", ("x0,y0,x1,y1", "a,b,c")),
    "a corner is missing": ("file,x0,y0,x1\na,1,2,3\n", ("x0,y0,x1,y1",)),
    "no number": ("file,x0,y0,x1,y1\na,1,2,three,4\n", ("line 2", "a number", "three")),
    "a short line": ("file,x0,y0,x1,y1\na,1,2\n", ("line 2", "a number", "nothing")),
    "infinite": ("file,x0,y0,x1,y1\na,1,2,inf,4\n", ("line 2", "inf")),
    "inside out": ("file,x0,y0,x1,y1\na,9,2,3,4\n", ("line 2", "x0 < x1", "9, 2, 3, 4")),
    "outside": ("file,x0_50,y0_50,x1_50,y1_50\na,60,2,70,4\n", ("line 2", "inside the picture")),
    "no picture": ("file,x0,y0,x1,y1\n,1,2,3,4\n", ("line 2", "name of a picture")),
    "two sizes": ("file,width,height,x0,y0,x1,y1\na,9,9,1,2,3,4\na,8,9,1,2,3,4\n", ("line 3", "another size")),
}
BROKEN_XML = {
    "not XML": ("<annotation>", ("not XML",)),
    "another root": ("<html></html>", ("<annotation>", "<html>")),
    "no object": ("<annotation></annotation>", ("<object>", "none")),
    "no number": (VOC.replace(">48<", ">x<"), ("a number", "x")),
    "an entity bomb": (BOMB, ("document type", "DOCTYPE")),
    "an outside entity": (FETCH, ("document type", "DOCTYPE")),
}


@pytest.mark.parametrize("case", [*BROKEN, *(f"xml: {name}" for name in BROKEN_XML)])
def test_broken_files(case: str, tmp_path: Path) -> None:
    xml = case.removeprefix("xml: ")
    text, words = BROKEN_XML[xml] if xml != case else BROKEN[case]
    file = written(tmp_path, text, "boxes.xml" if xml != case else "boxes.csv")
    with pytest.raises(DataError) as caught:
        read_boxes(file)
    sentence = str(caught.value)
    assert sentence.startswith("boxes.") and "\n" not in sentence
    for word in words:
        assert word in sentence


def test_files_that_are_no_lists(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_boxes(tmp_path / "gone.csv")
    with pytest.raises(DataError, match=r"no \.xml file"):
        read_boxes(tmp_path)
    (tmp_path / "picture.csv").write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF")
    with pytest.raises(DataError, match="not a text file"):
        read_boxes(tmp_path / "picture.csv")


def marked(*names: str) -> list[BoxAnnotation]:
    return [BoxAnnotation(name, [[0, 0, 1, 1]]) for name in names]  # type: ignore[arg-type]


def test_pictures_are_meant_by_the_end_of_their_path() -> None:
    names = ("val/cat/1.jpg", "val/dog/1.jpg", "val/dog/2.png")
    assert set(match(marked("cat/1.jpg", "2", "elsewhere/2.png"), names)) == {0, 2}
    assert match(marked("val/dog/1.jpg"), names).keys() == {1}
    with pytest.raises(DataError, match="means 2 pictures"):
        match(marked("1.jpg"), names)
    with pytest.raises(DataError, match="none of 1 marked pictures"):
        match(marked("3.jpg"), names)

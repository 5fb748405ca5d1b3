"""The sentences of the hand-out."""

from app.base import i18n

i18n.speaks(__name__)

TITLE = "How {model} sees {picture}"
BUTTON = "Hand-out of this view (HTML)"
BUTTON_HELP = "One file with pictures, numbers and the link, for print on A4 or as PDF through the browser's print."
LINK = "The same view in the app"
LINK_OWN = "The picture or the model is not part of the app: the link shows the rest."
FACTS = "Model and picture"
MODEL, PICTURE, DIGEST, CLASS, VIEWS = "Model", "Picture", "Digest of its pixels", "Class explained", "Views"
VIEWS_OF = "K = {k} anchors, region sizes {sizes} cells, {count} views"
NO_VIEWS = "none: global average pooling"
CARD = {
    "data": "Trained on",
    "step": "Steps",
    "accuracy": "Accuracy",
    "n": "Pictures it is of",
    "side": "Side it is of",
    "train_n": "Training pictures",
    "command": "Trained with",
}
ANSWER = "The answer"
ANSWER_TABLE = "Confidence of each head in the likeliest classes"
CLASS_HEAD, ENSEMBLE, AUXILIARY, GAP_HEAD = "Class", "Ensemble of the views", "Auxiliary head, f", "GAP head"
MAPS = "Where the evidence lies"
MAPS_NOTE = "All maps on one range. A map shows evidence that the network used, not a cause."
PICTURE_CAPTION = "as it was given, {width} × {height} px"
MAP_CAPTION = "for {name}: {low:+.3g} to {high:+.3g} logits, highest at cell ({x}, {y})"
REGIONS = "Which regions vote"
ANCHORS_CAPTION = "the {k} highest cells of AdaCAM; a larger dot ranks higher"
TOP_ONE, TOP_ONE_CAPTION = "Top-1 region", "the view that is surest of {name}"
TOP_TEN, TOP_TEN_CAPTION = "Top-10 regions", "the ten surest views"
TOP_TABLE = "The surest regions"
TOP_HEAD = ("Rank", "Anchor (x, y)", "Size, cells", "Box, px of the picture", "Sure of {name}")
VOTES = "How the views vote"
VOTES_TABLE = "Views won by each class"
VOTES_HEAD = ("Class", "Views", "Share")
PROFILE_TABLE = "Mean confidence in {name} by region size"
PROFILE_HEAD = ("Size, cells", "Mean confidence")
CONTRIBUTION = "What every cell adds"
CONTRIBUTION_CAPTION = (
    "to the ensemble's logit for {name}: the cells' {cells:+.4g} and the bias {bias:+.4g} make {logit:+.4g}"
)
VERSIONS = "Made with MFA {mvfa}, PyTorch {torch}, NumPy {numpy}, Python {python}, on {date}."
UNIT = "logits"

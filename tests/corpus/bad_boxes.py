"""Boxes: CSV and VOC XML that claim, grow, nest or break off."""

from __future__ import annotations

from tests.corpus.corpus import Shelf

CSV = "file,x0,y0,x1,y1\n00.png,1,2,10,12\n01.png,3,4,15,16\n"
VOC = (
    "<annotation><filename>00.png</filename><size><width>26</width><height>20</height></size>"
    "<object><bndbox><xmin>2</xmin><ymin>3</ymin><xmax>12</xmax><ymax>15</ymax></bndbox></object></annotation>"
)
LAUGHS = "<!DOCTYPE a [<!ENTITY l0 'ha'>" + "".join(
    f"<!ENTITY l{i} '{f'&l{i - 1};' * 10}'>" for i in range(1, 12)
) + "]>"  # fmt: skip


def fill(shelf: Shelf) -> None:
    """All of them."""
    shelf.put("nothing wrong", "good.csv", CSV, True)
    shelf.put("nothing wrong", "good.xml", VOC, True)
    _tables(shelf)
    _documents(shelf)
    shelf.spoil("a CSV", "spoilt.csv", CSV.encode(), cuts=8, flips=8)
    shelf.spoil("an XML", "spoilt.xml", VOC.encode(), cuts=8, flips=8)
    folder = shelf.place("boxes")
    folder.mkdir()
    shelf.note("an empty folder", folder)
    (folder := shelf.place("boxes")).mkdir()
    (folder / "a.xml").write_text(VOC)
    (folder / "b.xml").write_text(LAUGHS + VOC)
    shelf.note("a folder with a bomb in it", folder)
    loop = shelf.place("loop.csv")
    loop.symlink_to(loop)
    shelf.note("a link to itself", loop)
    shelf.note("a name of 10,000 letters", shelf.folder / ("n" * 10_000 + ".csv"))
    large = shelf.place("large.csv")
    with large.open("wb") as file:
        file.write(CSV.encode())
        file.truncate(65 * 2**20)
    shelf.note("65 MiB", large)


def _tables(shelf: Shelf) -> None:
    head = "file,x0,y0,x1,y1\n"
    digits = "9" * 400
    huge = f"file,x0_{digits},y0_{digits},x1_{digits},y1_{digits}\n"
    for what, text in (
        ("nothing", ""),
        ("a header alone", head),
        ("no header", "00.png,1,2,3,4\n"),
        ("other columns", "name,left,top,right,bottom\n00.png,1,2,3,4\n"),
        ("a column too few", "file,x0,y0,x1\n00.png,1,2,3\n"),
        ("a value too few", head + "00.png,1,2,3\n"),
        ("no name", head + ",1,2,3,4\n"),
        ("NaN", head + "00.png,nan,2,3,4\n"),
        ("infinity", head + "00.png,1,2,inf,4\n"),
        ("words", head + "00.png,one,two,three,four\n"),
        ("a formula", head + "00.png,=1+1,2,3,4\n"),
        ("corners the wrong way round", head + "00.png,9,9,1,1\n"),
        ("no area", head + "00.png,1,1,1,1\n"),
        ("a number of 5,000 digits", head + "00.png,1,2," + "9" * 5_000 + ",4\n"),
        ("1e309", head + "00.png,1,2,1e309,4\n"),
        ("hexadecimal", head + "00.png,0x1,2,3,4\n"),
        ("colours of a terminal", head + "00.png,\x1b[31m1,2,3,4\n"),
        ("a quote that never ends", head + '"00.png,1,2,3,4\n' * 50),
        ("a field of 200,000 letters", head + '"' + "n" * 200_000 + '",1,2,3,4\n'),
        ("a side of nought", "file,x0_0,y0_0,x1_0,y1_0\n00.png,1,2,3,4\n"),
        ("a side of 400 digits", huge + "00.png,1,2,3,4\n"),
        ("two sizes of one picture", "file,x0,y0,x1,y1,width,height\na,1,2,3,4,9,9\na,1,2,3,4,8,8\n"),
        ("a size of NaN", "file,x0,y0,x1,y1,width,height\na,1,2,3,4,nan,9\n"),
        ("zeros", "\0" * 500),
        ("a header of 10,000 columns", ",".join(f"c{i}" for i in range(10_000)) + "\n"),
    ):  # fmt: skip
        shelf.put(what, "boxes.csv", text)
    shelf.put("a name that leads out", "out.csv", head + "../../etc/passwd,1,2,3,4\n", True)
    shelf.put("a name of 10,000 letters", "long.csv", head + "n" * 10_000 + ",1,2,3,4\n", True)
    shelf.put("a spreadsheet", "sheet.csv", b"PK\x03\x04" + bytes(range(128, 256)))
    shelf.put("UTF-16", "wide.csv", CSV.encode("utf-16"))


def _documents(shelf: Shelf) -> None:
    for what, text in (
        ("nothing", ""),
        ("words", "these are words"),
        ("a web page", "<html><script>alert(1)</script></html>"),
        ("a billion laughs", LAUGHS + VOC.replace("00.png", "&l11;")),
        ("one long entity many times", f"<!DOCTYPE a [<!ENTITY a '{'a' * 50_000}'>]><a>{'&a;' * 50_000}</a>"),
        (
            "a file of the system",
            "<!DOCTYPE a [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" + VOC.replace("00.png", "&a;"),
        ),
        ("an address", "<!DOCTYPE a [<!ENTITY a SYSTEM 'http://evil.invalid/a'>]>" + VOC.replace("00.png", "&a;")),
        ("a parameter entity", "<!DOCTYPE a [<!ENTITY % a SYSTEM 'http://evil.invalid/a'> %a;]>" + VOC),
        ("a document type alone", "<!DOCTYPE annotation>" + VOC),
        ("an entity nobody declared", VOC.replace("00.png", "&a;")),
        ("100,000 levels", "<a>" * 100_000),
        ("100,000 levels that end", "<annotation>" * 100_000 + "</annotation>" * 100_000),
        ("another root", VOC.replace("annotation", "annotations")),
        ("no object", VOC.replace("object", "thing")),
        ("NaN", VOC.replace("<xmin>2<", "<xmin>nan<")),
        ("no number", VOC.replace("<xmin>2<", "<xmin><")),
        ("no corner", VOC.replace("<xmin>2</xmin>", "")),
        ("corners the wrong way round", VOC.replace("<xmin>2<", "<xmin>20<")),
        ("no such encoding", "<?xml version='1.0' encoding='klingon'?>" + VOC),
        ("an encoding of the forbidden kind", "<?xml version='1.0' encoding='utf-7'?>" + VOC),
        ("two roots", VOC + VOC),
        ("half a letter", VOC.replace("00.png", "&#xD800;")),
        ("a letter that is none", VOC.replace("00.png", "&#0;")),
        ("a tag of 100,000 letters", f"<{'a' * 100_000}/>"),
        ("a processing instruction", "<?xml-stylesheet href='http://evil.invalid/a.xsl'?><a/>"),
    ):
        shelf.put(what, "boxes.xml", text)
    shelf.put("bytes", "bytes.xml", bytes(range(256)))

"""Office documents and PDF files as the libraries of other people write them, over templates that Office itself saved."""

import io
import zipfile

LINES = [("Item", "Count", "Price"), ("Paper", 12, 3.5), ("Pencils", 40, 0.7), ("Chairs", 4, 89.9)]


def picture():
    from PIL import Image

    out = io.BytesIO()
    Image.linear_gradient("L").save(out, "PNG")
    return io.BytesIO(out.getvalue())


def letters(folder):
    import docx

    for number in range(4):
        document = docx.Document()
        document.add_heading(f"Report {number}")
        for row in LINES[: number + 1]:
            document.add_paragraph(" ".join(map(str, row)), style="List Bullet")
        table = document.add_table(rows=0, cols=3)
        for row in LINES:
            for cell, value in zip(table.add_row().cells, row):
                cell.text = str(value)
        if number % 2:
            document.add_picture(picture())
        document.save(folder / f"report-{number}.docx")


def slides(folder):
    import pptx
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE

    for number in range(3):
        show = pptx.Presentation()
        for layout in list(show.slide_layouts)[: number + 1]:
            slide = show.slides.add_slide(layout)
            if slide.shapes.title is not None:
                slide.shapes.title.text = f"Slide of layout {layout.name}"
        if number:
            slide.shapes.add_picture(picture(), 0, 0)
        if number == 2:
            # A chart brings a workbook along.
            data = CategoryChartData()
            data.categories = ["a", "b"]
            data.add_series("one", (1, 2))
            slide.shapes.add_chart(XL_CHART_TYPE.PIE, 0, 0, 3_000_000, 3_000_000, data)
        show.save(folder / f"slides-{number}.pptx")


def sheets(folder):
    import openpyxl
    import xlsxwriter
    import xlwt
    from openpyxl.chart import BarChart, Reference

    book = openpyxl.Workbook()
    for row in LINES:
        book.active.append(row)
    chart = BarChart()
    chart.add_data(Reference(book.active, min_col=2, min_row=1, max_row=4), titles_from_data=True)
    book.active.add_chart(chart, "E2")
    book.save(folder / "chart.xlsx")
    book.template = True
    book.save(folder / "template.xltx")
    with xlsxwriter.Workbook(folder / "written.xlsx") as other:
        page = other.add_worksheet()
        for number, row in enumerate(LINES):
            page.write_row(number, 0, row)
        page.write_url("A9", "https://example.org/")
        page.write_comment("A1", "a remark")
    old = xlwt.Workbook()
    page = old.add_sheet("Items")
    for number, row in enumerate(LINES):
        for column, value in enumerate(row):
            page.write(number, column, value)
    old.save(folder / "old.xls")


def open_documents(folder):
    from odf import opendocument, table, text

    letter = opendocument.OpenDocumentText()
    for row in LINES:
        letter.text.addElement(text.P(text=" ".join(map(str, row))))
    letter.addPictureFromString(picture().getvalue(), "image/png")
    letter.save(str(folder / "letter.odt"))
    sheet = opendocument.OpenDocumentSpreadsheet()
    sheet.spreadsheet.addElement(table.Table(name="Items"))
    sheet.save(str(folder / "sheet.ods"))
    opendocument.OpenDocumentPresentation().save(str(folder / "slides.odp"))


def papers(folder):
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen import canvas

    for number in range(4):
        # Streams in base 85 by default; packed, and with an image of each kind.
        paper = canvas.Canvas(str(folder / f"paper-{number}.pdf"), pagesize=A4, pageCompression=number % 2, invariant=True)
        for row, line in enumerate(LINES):
            paper.drawString(70, 700 - 20 * row, " ".join(map(str, line)))
        paper.linkURL("https://example.org/", (70, 70, 200, 90))
        if number > 1:
            paper.drawImage(ImageReader(picture()), 70, 300)
        if number == 3:
            paper.acroForm.textfield(name="name", x=70, y=500)
        paper.showPage()
        paper.save()


def pictures_and_archives(folder):
    from PIL import Image

    image = Image.radial_gradient("L")
    for ending in ("jpg", "gif", "bmp", "tiff", "webp", "ico", "pdf"):
        image.save(folder / f"picture.{ending}")
    packed = {"stored.zip": zipfile.ZIP_STORED, "deflated.zip": zipfile.ZIP_DEFLATED}
    for name, method in packed.items():
        with zipfile.ZipFile(folder / name, "w", method) as archive:
            for path in sorted(folder.glob("*.docx")):
                archive.write(path, f"papers/{path.name}")
            archive.writestr("poznámky č. 1.txt", "text\n" * 100)


def make(folder):
    for part in (letters, slides, sheets, open_documents, papers, pictures_and_archives):
        part(folder)

"""What is known of files."""

from openviper.db import Model, TextChoice, fields

from catalogue.models import Book


class Pattern(TextChoice):
    """What is on a cover."""

    SUN = "sun"
    WAVES = "waves"
    ARCHES = "arches"
    GRID = "grid"
    RAYS = "rays"
    HILLS = "hills"
    MOONS = "moons"
    STRIPES = "stripes"


class Cover(Model):
    """How the cover of a book is drawn."""

    book = fields.OneToOneField(Book, related_name="cover")
    book_id: int
    pattern = fields.CharField(max_length=10, choices=Pattern)
    palette = fields.SmallIntegerField(help_text="Number of its colours.")
    shift = fields.SmallIntegerField(help_text="Moves and sizes the pattern, 0 to 99, so that no two look the same.")


class Extract(Model):
    """The first lines of a book: paragraphs with an empty line between them."""

    book = fields.OneToOneField(Book, related_name="extract")
    book_id: int
    text = fields.TextField()

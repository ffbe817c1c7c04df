"""What the catalogue knows."""

from openviper.db import CheckConstraint, Model, RelatedManager, fields

_ARTICLES = frozenset({"a", "an", "the"})


class Genre(Model):
    """A shelf, known by its name in addresses."""

    slug = fields.SlugField(max_length=30, primary_key=True)
    name = fields.CharField(max_length=60)
    blurb = fields.CharField(max_length=200)
    books: "RelatedManager[Book]"


class Author(Model):
    """Who wrote a book."""

    id: int
    name = fields.CharField(max_length=120)
    country = fields.CharField(max_length=60)
    born = fields.SmallIntegerField(help_text="Year of birth.")
    filed_under = fields.TextField(blank=True, default="", editable=False, db_index=True)
    books: "RelatedManager[Book]"

    def clean(self) -> None:
        """File them as libraries do: by last name."""
        self.filed_under = f"{self.name.rpartition(' ')[2]} {self.name}".casefold()


class Book(Model):
    """One book of the shop."""

    id: int
    title = fields.CharField(max_length=200)
    author = fields.ForeignKey(Author, related_name="books", on_delete="PROTECT")
    author_id: int
    genre = fields.ForeignKey(Genre, related_name="books", on_delete="PROTECT")
    genre_id: str
    year = fields.SmallIntegerField(db_index=True, help_text="When it came out.")
    pages = fields.PositiveIntegerField()
    price = fields.PositiveIntegerField(help_text="In cents.")
    copies = fields.PositiveIntegerField(default=0, help_text="How many are there to be sold.")
    blurb = fields.TextField(help_text="A sentence or two on it.")
    filed_under = fields.TextField(blank=True, default="", editable=False, db_index=True)

    class Meta:
        # Nothing is sold that is not there, whoever writes to the table.
        constraints = (CheckConstraint("catalogue_book_copies", "copies >= 0"),)

    def clean(self) -> None:
        """File it as libraries do: the article in front does not count."""
        first, _, rest = self.title.casefold().partition(" ")
        self.filed_under = rest if rest and first in _ARTICLES else self.title.casefold()

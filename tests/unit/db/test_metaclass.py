"""From class bodies to models: which fields they get, and what cannot be a model."""

import pytest

from openviper.db.exceptions import ModelDefinitionError
from openviper.db.fields import AutoField, CharField, DateTimeField, Field, ForeignKey, IntegerField, OneToOneField
from openviper.db.models import AbstractModel, Index, Model
from openviper.db.registry import registry


def names(model: type[Model]) -> list[str]:
    return [field.name for field in model._meta.fields]


def declare(**body: object) -> type[Model]:
    """Make a model named Post of a class body."""
    space = {"__module__": "blog.models", "__qualname__": "Post", **body}
    made: type[Model] = type.__call__(type(Model), "Post", (Model,), space)
    return made


def test_fields_in_order() -> None:
    """A key is added in front, then the fields follow in the order of the class body."""

    class Post(Model):
        title = CharField()
        views = IntegerField()

    assert names(Post) == ["id", "title", "views"]
    assert isinstance(Post._meta.pk, AutoField)
    assert [field.model for field in Post._meta.fields] == [Post] * 3


def test_declared_key() -> None:
    """A model that declares a key gets no other."""

    class Country(Model):
        code = CharField(primary_key=True)

    assert names(Country) == ["code"]
    assert Country._meta.pk is Country._meta.by_name["code"]


def test_several_keys() -> None:
    """Two primary keys are refused, with both names."""
    with pytest.raises(ModelDefinitionError, match="has 2 primary keys: a, b"):
        declare(a=IntegerField(primary_key=True), b=IntegerField(primary_key=True))


def test_id_that_is_no_key() -> None:
    """A field named id is the key, or has another name."""
    with pytest.raises(ModelDefinitionError, match="id is not the primary key"):
        declare(id=IntegerField())


def test_fields_of_abstract_models() -> None:
    """They come first, as copies, each with the name of the model that has the column."""

    class Stamped(AbstractModel):
        created = DateTimeField(auto_now_add=True)

    class Named(AbstractModel):
        name = CharField()

    class Post(Stamped, Named):
        title = CharField()

    class Page(Stamped):
        pass

    assert names(Post) == ["id", "created", "name", "title"]
    assert names(Page) == ["id", "created"]
    created = [model._meta.by_name["created"] for model in (Stamped, Post, Page)]
    assert len(set(map(id, created))) == 3
    assert [field.owner for field in created] == ["db.Stamped", "db.Post", "db.Page"]
    assert registry.labels == ["db.Post", "db.Page"]


def test_reference_of_an_abstract_model() -> None:
    """It belongs to each model that inherits it, under a name of its own on the other side."""

    class Author(Model):
        pass

    class Written(AbstractModel):
        author = ForeignKey(Author, related_name="%(class)s_set")

    class Post(Written):
        pass

    class Page(Written):
        pass

    assert set(Author._meta.reverse) == {"post_set", "page_set"}
    assert Author._meta.reverse["page_set"][0] is Page
    assert Post(author=Author(id=1)).to_dict()["author_id"] == 1


def test_inherited_field_is_replaced_or_removed() -> None:
    """A field of the same name takes its place, None takes it away."""

    class Titled(AbstractModel):
        title = CharField(max_length=10)
        note = CharField()

    class Post(Titled):
        title = CharField(max_length=20)
        note = None  # type: ignore[assignment]  # takes the field away

    assert names(Post) == ["id", "title"]
    assert Post._meta.by_name["title"].max_length == 20

    class Plain(Titled):
        title = None  # type: ignore[assignment]  # takes the field away

        class Meta:
            abstract = True

    class Note(Plain):
        pass

    assert names(Note) == ["id", "note"]


def test_abstract_is_stated_or_inherited_from_abstract_model() -> None:
    """Meta.abstract says it for any model; a class below an abstract one is not abstract."""

    class Base(Model):
        class Meta:
            abstract = True

    class Post(Base):
        pass

    class Direct(AbstractModel):
        class Meta:
            abstract = False

    assert [kind._meta.abstract for kind in (Base, Post, Direct)] == [True, False, False]
    assert [kind._meta.table for kind in (Base, Post, Direct)] == ["", "db_post", "db_direct"]


def test_meta_of_abstract_models() -> None:
    """What an abstract model states holds below it, unless the model states it itself."""

    class Stamped(AbstractModel):
        created = DateTimeField()

        class Meta:
            ordering = ("-created",)
            backend = "archive"
            indexes = (Index(["created"], name="%(app_label)s_%(class)s_created"),)

    class Post(Stamped):
        class Meta:
            ordering = ("created",)

    class Page(Stamped):
        class Meta(Stamped.Meta):
            read_only = True

    assert (Post._meta.ordering, Post._meta.database) == (("created",), "archive")
    assert (Page._meta.ordering, Page._meta.read_only, Page._meta.abstract) == (("-created",), True, False)
    assert [index.name for model in (Post, Page) for index in model._meta.indexes] == [
        "db_post_created",
        "db_page_created",
    ]


def test_proxy() -> None:
    """A proxy shares fields and table of its parent, equals it, and has its own label, order and errors."""

    class Post(Model):
        title = CharField()

    class Latest(Post):
        class Meta:
            proxy = True
            ordering = ("-id",)

        def shout(self) -> str:
            return self.title.upper()

    assert (Latest._meta.table, Latest._meta.label, Latest._meta.ordering) == ("db_post", "db.Latest", ("-id",))
    assert Latest._meta.fields is Post._meta.fields
    assert Latest(id=1, title="a").shout() == "A"
    assert Latest(id=1) == Post(id=1)
    assert len({Latest(id=1), Post(id=1)}) == 1
    assert issubclass(Latest.DoesNotExist, Post.DoesNotExist)


def test_proxy_that_is_more() -> None:
    """A proxy adds no field and changes no table."""

    class Post(Model):
        title = CharField()

    with pytest.raises(ModelDefinitionError, match="is a proxy"):

        class Longer(Post):
            text = CharField()

            class Meta:
                proxy = True

    with pytest.raises(ModelDefinitionError, match="says what the table is"):

        class Moved(Post):
            class Meta:
                proxy = True
                table_name = "moved"

    with pytest.raises(ModelDefinitionError, match="needs one model with a table"):

        class Alone(Model):
            class Meta:
                proxy = True


def test_model_below_a_table() -> None:
    """A model does not extend one that has a table; the message names the three ways out."""

    class Post(Model):
        title = CharField()

    with pytest.raises(ModelDefinitionError, match=r"make Post abstract, set Meta\.proxy, or refer to it"):

        class Article(Post):
            pass


@pytest.mark.parametrize("name", ["pk", "objects", "save", "delete", "refresh_from_db", "DoesNotExist"])
def test_name_that_models_use(name: str) -> None:
    """Names of the query layer are kept for it."""
    with pytest.raises(ModelDefinitionError, match="every model uses"):
        declare(**{name: IntegerField()})


@pytest.mark.parametrize("name", ["_private", "trailing_", "two__parts", "ümlaut", "x" * 64])
def test_name_that_queries_cannot_read(name: str) -> None:
    """A field name is ASCII, without double underscores or one at an end, and short enough."""
    with pytest.raises(ModelDefinitionError):
        declare(**{name: IntegerField()})


@pytest.mark.parametrize("name", ["clean", "full_clean", "to_dict", "has_changed"])
def test_name_of_something_that_models_have(name: str) -> None:
    """A field does not hide a method."""
    with pytest.raises(ModelDefinitionError, match=rf"the name of Model\.{name}, which it would hide"):
        declare(**{name: IntegerField()})


def test_name_of_something_that_a_mixin_has() -> None:
    """A field does not hide what a class above has, models or not."""

    class Loud:
        @property
        def title(self) -> str:
            return "LOUD"

    with pytest.raises(ModelDefinitionError, match=r"Loud\.title"):

        class Post(Loud, Model):
            title = CharField()


def test_attributes_and_columns_are_apart() -> None:
    """A reference takes the name of its key as well, and columns differ in more than their case."""
    with pytest.raises(ModelDefinitionError, match="both have the attribute 'author_id'"):
        declare(author=ForeignKey("self"), author_id=IntegerField())
    with pytest.raises(ModelDefinitionError, match="both have the column 'title'"):
        declare(a=CharField(db_column="Title"), b=CharField(db_column="title"))
    with pytest.raises(ModelDefinitionError, match="no valid column"):
        declare(a=CharField(db_column="a b"))


def test_field_of_another_model() -> None:
    """One field object is one attribute of one model."""
    field: Field[str] = CharField()
    declare(title=field)
    with pytest.raises(ModelDefinitionError, match="make a field for each attribute"):
        declare(other=field)
    shared: Field[str] = CharField()
    with pytest.raises(ModelDefinitionError, match="make a field for each attribute"):
        declare(a=shared, b=shared)


def test_names_from_the_other_side_clash() -> None:
    """Two references of one name, or one with the name of a field, are refused when they meet."""

    class Author(Model):
        name = CharField()

    with pytest.raises(
        ModelDefinitionError, match=r"Post\.editor is called 'post_set' by .*Author, and so is .*Post\.author"
    ):

        class Post(Model):
            author = ForeignKey(Author)
            editor = ForeignKey(Author)

    with pytest.raises(ModelDefinitionError, match=r"called 'name'"):

        class Note(Model):
            author = ForeignKey(Author, related_name="name")

    with pytest.raises(ModelDefinitionError, match=r"called 'clean'"):

        class Page(Model):
            author = OneToOneField(Author, related_name="clean")

    with pytest.raises(ModelDefinitionError, match=r"called 'objects'"):

        class Leaf(Model):
            author = ForeignKey(Author, related_name="objects")

    class Memo(Model):
        author = ForeignKey(Author, related_name="+")
        editor = ForeignKey(Author, related_name="+")

    assert Author._meta.reverse == {}
    assert Memo._meta.label in registry


def test_names_clash_when_the_target_comes() -> None:
    """A clash with a model that is not there yet is found when it is made, and that model is refused."""

    class Post(Model):
        author: ForeignKey[Model] = ForeignKey("Author", related_name="name")

    with pytest.raises(ModelDefinitionError, match="called 'name'"):

        class Author(Model):
            name = CharField()

    assert registry.labels == ["db.Post"]


def test_reading_a_field_from_the_class() -> None:
    """The class gives its fields, and refuses other names as any class does."""

    class Post(Model):
        title = CharField()

    assert Post.title is Post._meta.by_name["title"]
    with pytest.raises(AttributeError, match="has no attribute 'titel'"):
        _ = Post.titel  # type: ignore[attr-defined]  # what is refused
    with pytest.raises(AttributeError, match="has no attribute"):
        _ = Model.title  # type: ignore[attr-defined]  # what is refused


def test_other_attributes_stay() -> None:
    """Methods, properties and constants of the body are the class's own."""

    class Post(Model):
        LIMIT = 3
        title = CharField()

        @property
        def is_long(self) -> bool:
            return len(self.title) > self.LIMIT

    assert Post(title="abcd").is_long

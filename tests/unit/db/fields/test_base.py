"""What all fields have in common: options, defaults, null, validators."""

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.db import fields
from openviper.db.exceptions import FieldValueError, ModelDefinitionError
from openviper.db.fields import CharField, FieldKind, IntegerField
from openviper.db.fields.base import AnyField, AnyOptions, FieldOptions, shorten


def refuse_odd(value: int) -> None:
    if value % 2:
        raise FieldValueError(f"{value} is odd.")


def test_null() -> None:
    """None passes only with null=True, whatever else is allowed."""
    assert IntegerField(null=True).clean(None) is None
    for field in (IntegerField(), CharField(blank=True)):
        with pytest.raises(FieldValueError, match="cannot be null"):
            field.clean(None)


def test_validators_see_clean_values() -> None:
    """A validator is called with what the instance will hold, and refuses it by an error of ours."""
    field = IntegerField(validators=[refuse_odd])
    assert field.clean("4") == 4
    with pytest.raises(FieldValueError, match="3 is odd"):
        field.clean("3")


def test_defaults() -> None:
    """A default is a value, or what makes one; without any an instance gets None."""
    assert IntegerField().make_default() is None
    assert IntegerField(default=3).make_default() == 3
    assert CharField(default=lambda: "made").make_default() == "made"
    assert (IntegerField(null=True, default=None).has_default, IntegerField().has_default) == (True, False)


@pytest.mark.parametrize("shared", [[], {}, set(), bytearray()])
def test_default_that_instances_would_share(shared: object) -> None:
    """A list as default is refused: every instance would change the same one."""
    with pytest.raises(ModelDefinitionError, match="all instances would share"):
        CharField(default=shared)  # type: ignore[call-overload]  # what is refused


def test_unknown_option_is_named() -> None:
    """A misspelt option is refused, with those that exist."""
    with pytest.raises(ModelDefinitionError, match=r"no option 'uniqe'; .* unique"):
        IntegerField(uniqe=True)  # type: ignore[call-overload]  # what is refused


def test_options_that_contradict() -> None:
    """A key is never null, and only a key is made by the engine."""
    with pytest.raises(ModelDefinitionError, match="primary key and null"):
        IntegerField(primary_key=True, null=True)
    with pytest.raises(ModelDefinitionError, match="auto_increment"):
        IntegerField(auto_increment=True)


def test_field_gets_its_names() -> None:
    """Name, attribute and column are given by the model; the column may be stated."""
    plain, stated = IntegerField(), IntegerField(db_column="n_pages", verbose_name="number of pages")
    plain.attach("page_count", owner="blog.Post")
    stated.attach("pages", owner="blog.Post")

    assert (plain.name, plain.attname, plain.column, plain.label) == ("page_count",) * 3 + ("page count",)
    assert (stated.column, stated.label, stated.path) == ("n_pages", "number of pages", "blog.Post.pages")
    assert repr(plain) == "<IntegerField blog.Post.page_count>"
    assert repr(IntegerField()) == "<IntegerField IntegerField>"


def test_copy_is_independent() -> None:
    """A copy has the options, and names of its own."""
    field = IntegerField(default=3)
    field.attach("one", owner="blog.Post")
    twin = field.copy()
    assert (twin.name, twin.column, twin.owner) == ("", "", "")
    twin.attach("other", owner="blog.Post")

    assert (twin.default, twin.name, field.name) == (3, "other", "one")


def test_field_declares_what_storage_needs() -> None:
    """Kind and parameters are all that a dialect looks at."""
    field = CharField(max_length=40)
    assert (field.kind, field.max_length, field.max_digits, field.decimal_places) == (FieldKind.CHAR, 40, None, None)
    assert (field.base_field, field.size, field.related, field.auto) == (None, None, None, False)


def test_descriptor_exists_for_type_checkers_only() -> None:
    """At run time a field is no descriptor, so that attributes of instances are plain."""
    assert not inspect.isdatadescriptor(CharField())
    assert not hasattr(CharField(), "__get__")


def test_options_are_named_in_one_place() -> None:
    """What checkers know of options and what is accepted at run time is the same, but for those that change types."""
    assert AnyOptions.__annotations__.keys() - FieldOptions.__annotations__.keys() == {"null", "choices"}


def test_value_is_shortened_in_messages() -> None:
    """A client's value comes back in part, and a number of any size comes back at all."""
    assert len(shorten("x" * 10_000)) < 120
    assert shorten(10**5000) == "a int"


def test_value_that_cannot_be_written_has_a_message_all_the_same() -> None:
    """Its type is told in its place, whatever its own ``repr`` raises."""

    class Shy:
        def __repr__(self) -> str:
            raise RuntimeError("never")

    deep: list[object] = []
    for _ in range(200_000):  # deeper than any Python follows a list in C
        deep = [deep]
    assert (shorten(Shy()), shorten(deep)) == ("a Shy", "a list")
    for value in (Shy(), deep):
        for field in (CharField(), IntegerField(), fields.ArrayField(IntegerField()), fields.DateField()):
            with pytest.raises(FieldValueError):
                field.clean(value)


FIELDS: list[AnyField] = [
    fields.AutoField(),
    fields.SmallIntegerField(),
    fields.IntegerField(),
    fields.BigIntegerField(),
    fields.PositiveIntegerField(),
    fields.FloatField(),
    fields.DecimalField(),
    fields.BooleanField(),
    fields.CharField(max_length=5),
    fields.TextField(),
    fields.SlugField(),
    fields.EmailField(),
    fields.URLField(),
    fields.IPAddressField(),
    fields.GenericIPAddressField(unpack_ipv4=True),
    fields.UUIDField(),
    fields.DateField(),
    fields.TimeField(),
    fields.DateTimeField(),
    fields.DurationField(),
    fields.JSONField(),
    fields.BinaryField(),
    fields.ArrayField(fields.IntegerField()),
]
ATOMS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.decimals() | st.fractions()
    | st.complex_numbers() | st.dates() | st.times() | st.datetimes() | st.timedeltas() | st.uuids() | st.ip_addresses()
    | st.sampled_from([10**400, -(10**4000), "9" * 5000, "1e999999999", "\0", "\ud800", "٣", "-0"])
    | st.just("0001-01-01T00:00:00+23:59")
    | st.from_regex(r"[0-9PTZ:+.,e-]{1,30}", fullmatch=True)
)  # fmt: skip
ANYTHING = st.recursive(ATOMS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner))


@given(ANYTHING)
def test_field_withstands_anything(value: object) -> None:
    """Whatever a field is given, it gives a value of its type, which passes again unchanged, or its own error."""
    for field in FIELDS:
        try:
            clean = field.clean(value)
        except FieldValueError as error:
            clean, told = None, str(error)
            assert 0 < len(told) < 5000, field
        if clean is not None:
            assert isinstance(clean, field.value_type), field
            assert field.clean(clean) == clean, field

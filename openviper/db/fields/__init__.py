"""The fields of models, one class a kind of column."""

from openviper.db.fields.addresses import EmailField, GenericIPAddressField, IPAddressField, URLField
from openviper.db.fields.base import Field, FieldKind
from openviper.db.fields.choices import TextChoice
from openviper.db.fields.many import ManyToManyField
from openviper.db.fields.numeric import (
    AutoField,
    BigAutoField,
    BigIntegerField,
    BooleanField,
    DecimalField,
    FloatField,
    IntegerField,
    NullBooleanField,
    PositiveIntegerField,
    SmallIntegerField,
)
from openviper.db.fields.related import ForeignKey, OneToOneField
from openviper.db.fields.structured import ArrayField, BinaryField, JSONField
from openviper.db.fields.temporal import DateField, DateTimeField, DurationField, TimeField
from openviper.db.fields.text import CharField, SlugField, TextField, UUIDField

__all__ = [
    "ArrayField",
    "AutoField",
    "BigAutoField",
    "BigIntegerField",
    "BinaryField",
    "BooleanField",
    "CharField",
    "DateField",
    "DateTimeField",
    "DecimalField",
    "DurationField",
    "EmailField",
    "Field",
    "FieldKind",
    "FloatField",
    "ForeignKey",
    "GenericIPAddressField",
    "IPAddressField",
    "IntegerField",
    "JSONField",
    "ManyToManyField",
    "NullBooleanField",
    "OneToOneField",
    "PositiveIntegerField",
    "SlugField",
    "SmallIntegerField",
    "TextChoice",
    "TextField",
    "TimeField",
    "URLField",
    "UUIDField",
]

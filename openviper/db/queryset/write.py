"""Writing: what makes, changes and deletes the rows of a query set."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, cast

from openviper.db.query.reading import Answer
from openviper.db.queryset.chain import M
from openviper.db.queryset.late import work
from openviper.db.queryset.plain import PlainRows
from openviper.db.queryset.read import ready

__all__ = ["WritableRows"]


class WritableRows(PlainRows[M, M]):
    """Rows of a model that can be written, all of them by one call."""

    __slots__ = ()

    async def create(self, **values: object) -> M:
        """Make an instance and store it, in one statement.

        Args:
            values: As for the constructor of the model.

        Raises:
            TypeError: A keyword is no field.
            ModelValidationError: Values were refused.
            IntegrityError: The database refuses the row.
        """
        record = self.query.model(**values)
        await record.save(using=self.db_alias, force_insert=True)
        return cast("M", record)

    def get_or_create(self, defaults: Mapping[str, object] | None = None, **lookups: object) -> Answer[tuple[M, bool]]:
        """Give the row that is looked for, made if there is none, and whether it was made.

        Of tasks that ask for one row at the same time one makes it, provided that a unique constraint keeps a second
        one away.

        Args:
            defaults: Values of a new row besides; what is callable is called when it is needed.
            lookups: As for ``get()``; those without ``__`` are values of a new row too.

        Raises:
            MultipleObjectsReturned: There are several.
            FieldError: A default is of no field.
            ModelValidationError: Values of a new row were refused.
            IntegrityError: The database refuses the new row, and the one in its way is not what was looked for.
        """
        return work.get_or_create(
            self.query.model, lookups, defaults, find=lambda alias: _find(self, lookups, alias), using=self.db_alias
        )

    def update_or_create(
        self,
        defaults: Mapping[str, object] | None = None,
        create_defaults: Mapping[str, object] | None = None,
        **lookups: object,
    ) -> Answer[tuple[M, bool]]:
        """Give the row that is looked for with other values, made if there is none, and whether it was made.

        It is a transaction, in which a row that was found is locked until it has its values.

        Args:
            defaults: Values that the row gets; what is callable is called when it is needed.
            create_defaults: Values of a new row in place of ``defaults``; None means the same ones.
            lookups: As for ``get()``; those without ``__`` are values of a new row too.

        Raises:
            MultipleObjectsReturned: There are several.
            FieldError: A default is of no field.
            ModelValidationError: Values were refused.
            IntegrityError: The database refuses the row.
        """
        locked = self.with_query(self.query._replace(lock=self.query.lock or "wait"))
        return work.update_or_create(
            self.query.model,
            lookups,
            defaults,
            create_defaults,
            find=lambda alias: _find(locked, lookups, alias),
            using=self.db_alias,
        )

    def bulk_create(
        self,
        records: Iterable[M],
        *,
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        unique_fields: Collection[str] | None = None,
        update_fields: Collection[str] | None = None,
        ignore_permissions: bool = False,
    ) -> Answer[list[M]]:
        """Store instances as new rows, all of them or none, and give them back with their keys.

        Args:
            records: The instances.
            batch_size: Most rows of one statement; None leaves it to the engine.
            ignore_conflicts: Whether rows that are already there are passed over; nothing is known of any instance
                then.
            update_conflicts: Whether rows that are already there are updated.
            unique_fields: Names of the fields by which a row is already there; for ``update_conflicts``.
            update_fields: Names of the fields that such a row takes over; for ``update_conflicts``.
            ignore_permissions: Whether to ask nobody for permission.

        Raises:
            ModelValidationError: Instances were refused; they are named by their positions, counted from 1.
            IntegrityError: The database refuses a row; none was stored.
            FieldError: A name is of no field, or of none that would do.
            NotLoadedError: A field of an instance was not read.
            ValueError: The arguments contradict each other, or an instance is there twice.
        """
        stored = work.bulk_create(
            self.query.model,
            cast("Iterable[Any]", records),
            using=self.db_alias,
            batch_size=batch_size,
            ignore_conflicts=ignore_conflicts,
            update_conflicts=update_conflicts,
            unique_fields=unique_fields,
            update_fields=update_fields,
            ignore_permissions=ignore_permissions,
        )
        return cast("Answer[list[M]]", stored)

    def bulk_update(
        self,
        records: Iterable[M],
        fields: Collection[str],
        *,
        batch_size: int | None = None,
        ignore_permissions: bool = False,
    ) -> Answer[int]:
        """Write fields of instances to their rows, all of them or none, and give how many rows there were.

        Args:
            records: The instances; of those with the same key the last one counts.
            fields: Names of the fields, at least one.
            batch_size: Most rows of one statement; None leaves it to the engine.
            ignore_permissions: Whether to ask nobody for permission.

        Raises:
            ModelValidationError: Instances were refused; they are named by their positions, counted from 1.
            FieldError: A name is of no field, or of the key; or the key of an instance was changed after it was read.
            ValueError: An instance has no key, no field is named, or the instances came from several databases.
        """
        written = cast("Iterable[Any]", records)
        return work.bulk_update(
            self.query.model,
            written,
            fields,
            using=self.db_alias,
            batch_size=batch_size,
            ignore_permissions=ignore_permissions,
        )

    def update(self, **values: object) -> Answer[int]:
        """Set fields in all of these rows, in one statement, and give how many rows there were.

        Instances that were read before do not change, and ``auto_now`` fields only where they are named.

        Args:
            values: What fields are set to: values, instances for references, or expressions such as ``F("views") + 1``.

        Raises:
            FieldError: A name is of no field, or of the key; or an expression is of another kind than its field.
            ModelValidationError: Fields refuse their values; all of them are named.
            ValueError: Nothing is set.
        """
        self.refuse_combined("update")
        return ready(0) if self.is_none else work.update_rows(self.query, self.params, values, self.db_alias)

    def delete(self, *, ignore_permissions: bool = False) -> Answer[int]:
        """Delete all of these rows, and give how many of them there were.

        What becomes of rows that refer to them is said by the ``on_delete`` of their fields.

        Args:
            ignore_permissions: Whether to ask nobody for permission.

        Raises:
            ProtectedError: Other rows refer to them by a field that protects them; nothing was deleted.
            RestrictedError: Other rows that stay refer to them; nothing was deleted.
            IntegrityError: Others refer to them by a field without a rule; nothing was deleted.
        """
        self.refuse_combined("delete")
        if self.is_none:
            return ready(0)
        return work.delete_rows(self.query, self.params, self.db_alias, ignore_permissions=ignore_permissions)


def _find(rows: WritableRows[Any], lookups: Mapping[str, object], alias: str | None) -> Answer[Any]:
    return (rows if alias is None else rows.using(alias)).get_or_none(**lookups)

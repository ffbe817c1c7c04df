"""What must hold before a method of a view runs, made of the lists that the view names."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from openviper.conf import settings
from openviper.core.authentication import AuthenticationBackend, build_backend
from openviper.exceptions import ImproperlyConfigured
from openviper.http.permissions import AllowAny, BasePermission, build_permissions
from openviper.http.throttles import ThrottleFactory, build_throttles

__all__ = ["Policy", "default_entries"]


@dataclass(frozen=True, slots=True)
class Policy:
    """Who is asked, who may go on, and how often.

    Args:
        authenticators: Asked who is there; None leaves what the middleware found out.
        permissions: All of them must agree.
        throttles: Make the throttles of a request.
    """

    authenticators: tuple[AuthenticationBackend, ...] | None = None
    permissions: tuple[BasePermission, ...] = ()
    throttles: tuple[ThrottleFactory, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return self.authenticators is None and not self.permissions and not self.throttles

    @classmethod
    def read(
        cls,
        view: str,
        *,
        authenticators: Sequence[object] | None,
        permissions: Sequence[object] | None,
        throttles: Sequence[object] | None,
    ) -> "Policy":
        """Make objects of what stands in the lists of a view; None is like an empty list, except for the first.

        Args:
            view: Name of the view, for the message of an error.
            authenticators: Backends, see ``build_backend``.
            permissions: See ``build_permissions``.
            throttles: See ``build_throttles``.

        Raises:
            ImproperlyConfigured: An entry cannot be imported or is none of these, or there is no list around it.
        """
        for name, entries in (
            ("authentication_classes", authenticators),
            ("permission_classes", permissions),
            ("throttle_classes", throttles),
        ):
            # A text is a sequence as well, of letters.
            if entries is not None and (isinstance(entries, str) or not isinstance(entries, Iterable)):
                raise ImproperlyConfigured(f"{view}.{name} is {entries!r}; write a list, even of one: [{entries!r}]")
        backends = None
        if authenticators is not None:
            where = f"{view}.authentication_classes"
            backends = tuple(build_backend(entry, listed_in=where) for entry in authenticators)
        required = build_permissions(permissions or (), listed_in=f"{view}.permission_classes")
        return cls(
            backends,
            tuple(one for one in required if type(one) is not AllowAny),  # it says yes, so it need not be asked
            build_throttles(throttles or (), listed_in=f"{view}.throttle_classes"),
        )


def default_entries(setting: str) -> Sequence[object]:
    """Give the list that views have which name none of their own; asked once for an application."""
    entries: Sequence[object] = settings[setting]
    return entries

"""Dependencies in the place of others, as tests put them there."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from openviper.routing.arguments import Argument, Dependency, Handler
from openviper.routing.params import Depends
from openviper.routing.signatures import read_dependency

__all__ = ["Overrides", "resolve", "resolve_argument"]

#: What is put in the place of each callable.
Overrides: TypeAlias = Mapping[Callable[..., object], Callable[..., object]]


def resolve(dependency: Dependency, overrides: Overrides, handler: Handler) -> Dependency:
    """Put what replaces a dependency in its place, and in those of its own dependencies.

    What replaces a callable may itself depend on it, and gets the real one. It is made for each request, and so is what
    depends on it, else one that lasts as long as the application would keep what a test has put in.

    Args:
        dependency: As the handler asks for it.
        overrides: What replaces what.
        handler: Who asks, for a message.

    Raises:
        RouteError: What replaces it asks for what no part of a request gives.
    """
    if not overrides:
        return dependency
    marker, call = dependency.marker, dependency.call
    other = overrides.get(call) if dependency.identity is call else None
    if other is not None:
        renewed = Depends(other, use_cache=marker.use_cache, blocking=marker.blocking)
        dependency = read_dependency(renewed, within=(handler,))
        overrides = {key: value for key, value in overrides.items() if key != call}
    given = dependency.signature.arguments
    arguments = tuple(resolve_argument(one, overrides, handler) for one in given)
    if all(new is old for new, old in zip(arguments, given, strict=True)):
        return dependency
    marker = dependency.marker
    renewed = Depends(marker.dependency, use_cache=marker.use_cache, blocking=marker.blocking)
    return replace(dependency, signature=replace(dependency.signature, arguments=arguments), marker=renewed)


def resolve_argument(argument: Argument, overrides: Overrides, handler: Handler) -> Argument:
    """Give an argument with what replaces the dependency that makes it; itself where nothing does."""
    if argument.dependency is None:
        return argument
    dependency = resolve(argument.dependency, overrides, handler)
    return argument if dependency is argument.dependency else replace(argument, dependency=dependency)

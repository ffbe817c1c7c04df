"""Named: what every attribute that a model declares is called, by code and by people."""

__all__ = ["Named"]


class Named:
    """Something that a model declares; it has its names once the model is made."""

    #: The attribute of the model; empty before there is one.
    name: str = ""
    #: Label of the model that declares it, ``blog.Post``.
    owner: str = ""
    verbose_name: str | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path}>"

    @property
    def path(self) -> str:
        """Where it is declared, for messages: ``blog.Post.title``; the class alone before it has a model."""
        return f"{self.owner}.{self.name}" if self.name else type(self).__name__

    @property
    def label(self) -> str:
        """Its name for people."""
        return self.verbose_name or self.name.replace("_", " ")

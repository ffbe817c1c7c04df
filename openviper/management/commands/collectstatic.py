"""Gather the static files of the project."""

import sys
from dataclasses import replace

from openviper.conf import settings
from openviper.conf.environment import project_folder
from openviper.management.arguments import CommandParser
from openviper.management.base import BaseCommand
from openviper.management.exceptions import CommandError
from openviper.primitives.json import encode
from openviper.staticfiles.collect import Collected, CollectOptions, collect
from openviper.staticfiles.finders import static_folders, upload_folder


class Command(BaseCommand):
    """Copies static files of the project and its apps to ``STATIC_ROOT``, with hashed names and compressed copies."""

    help = "Gather the static files of the project and its apps in STATIC_ROOT."
    # Where apps lie is known without running their code, which may want a database that a build does not have.
    needs_apps = False
    owns_stdout = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--clear", action="store_true", help="delete what else STATIC_ROOT holds")
        parser.add_argument("--dry-run", action="store_true", help="tell what would be done, and do nothing")
        parser.add_argument("--no-input", action="store_true", help="do not ask before anything is deleted")
        parser.add_argument("--no-hash", action="store_true", help="make no copies with hashed names")
        parser.add_argument("--no-compress", action="store_true", help="make no compressed copies")
        parser.add_argument("--lenient", action="store_true", help="leave references to missing files as they are")
        parser.add_argument("--json", action="store_true", help="print a JSON object")

    def handle(
        self,
        *,
        clear: bool,
        dry_run: bool,
        no_input: bool,
        no_hash: bool,
        no_compress: bool,
        lenient: bool,
        json: bool,
    ) -> None:
        """Collect the files.

        Raises:
            CommandError: ``STATIC_ROOT`` is empty, or the user did not want anything deleted.
            StaticFilesError: The folder cannot be used, or a file cannot be read or written.
        """
        if not settings.STATIC_ROOT:
            raise CommandError("STATIC_ROOT is empty; name the folder that static files are collected in")
        options = CollectOptions(
            clear=clear,
            dry_run=dry_run,
            hashed=not no_hash,
            compressed=not no_compress,
            lenient=lenient,
            base_url=f"{settings.STATIC_URL.rstrip('/')}/",
            uploads=upload_folder(),
        )
        folders, target = static_folders(), project_folder() / settings.STATIC_ROOT
        if clear and not dry_run and not no_input and sys.stdin.isatty():
            self._ask(collect(folders, target, replace(options, dry_run=True)))
        collected = collect(folders, target, options)
        if json:
            self.stdout(_as_json(collected, dry_run=dry_run))
        else:
            self._print(collected, options)

    def _ask(self, plan: Collected) -> None:
        """Ask whether files may be deleted, if there are any.

        Raises:
            CommandError: They may not.
        """
        if not plan.removed:
            return
        count = _count(len(plan.removed), "file")
        self.stderr(f"{count} in {plan.folder} would be deleted, {plan.removed[0]} first. Go on? [y/N] ", ending="")
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise CommandError("nothing was changed")

    def _print(self, collected: Collected, options: CollectOptions) -> None:
        would = "Would copy" if options.dry_run else "Copied"
        if options.dry_run:
            for verb, names in (("copy", collected.copied), ("delete", collected.removed)):
                for name in names:
                    self.stdout(f"{verb}  {name}")
        for path in collected.scan.shadowed:
            self.stderr(f"Note: {path} is not taken, another folder before it has a file of that name.")
        for path in collected.scan.escapes:
            self.stderr(
                self.style_warning(
                    f"Warning: {path} is a link that leads out of its folder or nowhere; it is not followed."
                )
            )
        for path in collected.scan.nameless:
            self.stderr(self.style_warning(f"Warning: {path} has a name that no address can hold; it is left out."))
        parts = [f"{would} {_count(len(collected.copied), 'file')} to {collected.folder}"]
        if collected.unchanged:
            parts.append(f"{collected.unchanged} unchanged")
        if collected.hashed:
            parts.append(f"{_count(collected.hashed, 'hashed name')}")
        if collected.compressed:
            parts.append(f"{collected.compressed} compressed")
        if collected.removed:
            parts.append(f"{len(collected.removed)} {'to delete' if options.dry_run else 'deleted'}")
        self.stdout(self.style_success(f"{', '.join(parts)}."))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _as_json(collected: Collected, *, dry_run: bool) -> str:
    scan = collected.scan
    facts: dict[str, object] = {
        "folder": collected.folder,
        "dry_run": dry_run,
        "copied": collected.copied,
        "unchanged": collected.unchanged,
        "hashed": collected.hashed,
        "compressed": collected.compressed,
        "removed": collected.removed,
        "shadowed": [str(path) for path in scan.shadowed],
        "left_out": [str(path) for path in (*scan.escapes, *scan.nameless)],
    }
    return encode(facts, indent=True).decode()

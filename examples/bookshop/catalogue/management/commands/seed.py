"""Make the rows that the shop opens with, and write them to a file."""

from pathlib import Path

from openviper.conf import settings
from openviper.management.arguments import CommandParser
from openviper.management.base import BaseCommand, CommandError
from openviper.primitives.json import encode

from bookshop.stock import make_stock, write_stock


class Command(BaseCommand):
    """Writes ``data/stock.json``, which the next start reads in place of making rows of its own."""

    help = "Write the rows that the shop opens with."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--rows", type=int, default=settings.STOCK_ROWS, help="rows of all models together")
        parser.add_argument("--seed", type=int, default=settings.STOCK_SEED, help="the same seed makes the same rows")
        parser.add_argument("--json", action="store_true", help="print the counts as JSON")

    def handle(self, *, rows: int, seed: int, json: bool) -> None:
        """Make the rows, write them, and tell how many there are of each model.

        Raises:
            CommandError: Too few rows or too many, or the file cannot be written.
        """
        path = Path(settings.STOCK_FILE)
        try:
            stock = make_stock(rows, seed)
            write_stock(stock, path)
        except (ValueError, OSError) as error:
            raise CommandError(str(error)) from error
        counts = stock.counts()
        if json:
            self.stdout(encode({"file": str(path), "rows": sum(counts.values()), "models": counts}).decode())
            return
        for model, count in counts.items():
            self.stdout(f"{model:<10}{count:>7,}")
        self.stdout(
            self.style_success(
                f"{sum(counts.values()):,} rows are in {path}; a running shop takes them at its next start."
            )
        )

"""Give the shop other rows than those that it opened with."""

from openviper.conf import settings
from openviper.management.arguments import CommandParser
from openviper.management.base import BaseCommand, CommandError
from openviper.primitives.json import encode

from bookshop.stock import make_stock, replace_stock


class Command(BaseCommand):
    """Makes the tables anew and fills them; orders and members that came since are gone."""

    help = "Replace every row of the shop."
    # Starting the apps would fill an empty shop, only to be emptied again.
    lifecycle = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--rows", type=int, default=settings.STOCK_ROWS, help="rows of all models together")
        parser.add_argument("--seed", type=int, default=settings.STOCK_SEED, help="the same seed makes the same rows")
        parser.add_argument("--json", action="store_true", help="print the counts as JSON")

    async def handle(self, *, rows: int, seed: int, json: bool) -> None:
        """Make the rows, store them, and tell how many there are of each model.

        Raises:
            CommandError: Too few rows or too many.
        """
        try:
            stock = make_stock(rows, seed)
        except ValueError as error:
            raise CommandError(str(error)) from error
        await replace_stock(stock)
        counts = {name: len(records) for name, records in stock.items()}
        if json:
            self.stdout(encode({"rows": sum(counts.values()), "models": counts}).decode())
            return
        for model, count in counts.items():
            self.stdout(f"{model:<10}{count:>7,}")
        self.stdout(self.style_success(f"{sum(counts.values()):,} rows are in the database."))

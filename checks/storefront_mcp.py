"""What this business relies on at Shopify storefronts beyond what a schema can say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from provendor.check import check
from provendor.contract import Expect
from provendor.exchange import Exchange, Source
from provendor.verdict import Finding, Outcome, Skip

from ._mcp import arguments_of, document_of

LEGACY_ENDS = date(2027, 1, 15)


@check("storefront-mcp/legacy.tools", "storefront-mcp/legacy.policies")
def the_older_server_has_not_ended(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """The older server is used live only while its end is more than a month away."""
    if exchange.source is Source.RECORDED or expect.today is None:
        raise Skip("only a live answer can come from a server that ends")
    if expect.today > LEGACY_ENDS - timedelta(days=30):
        actual = f"{expect.today.isoformat()}; move to ask_business"
        yield Finding("business", f"well before {LEGACY_ENDS.isoformat()}", actual, level=Outcome.WARN)


@check("storefront-mcp/carts.create", "storefront-mcp/carts.update")
def a_cart_holds_what_was_asked(exchange: Exchange, expect: Expect) -> None:
    """A cart holds exactly the variants and quantities that we sent: an update replaces all of it."""
    cart = _document(exchange, expect)
    if cart.get("messages"):
        raise Skip("the shop says what it has changed")
    asked = _lines(arguments_of(exchange).get("cart", {}).get("line_items", ()))
    held = _lines(cart.get("line_items", ()))
    assert held == asked, f"asked for {dict(asked)}, the cart holds {dict(held)}"


@check("storefront-mcp/carts.get", "storefront-mcp/carts.update", "storefront-mcp/carts.cancel")
def the_cart_is_the_one_asked_for(exchange: Exchange, expect: Expect) -> None:
    """What comes back is the cart that was named; its id may bring a key along, behind a question mark."""
    held = _document(exchange, expect).get("id")
    asked = arguments_of(exchange).get("id")
    assert _bare(held) == _bare(asked), f"asked for {asked}, is {held}"


@check("storefront-mcp/products.get")
def the_product_is_the_one_asked_for(exchange: Exchange, expect: Expect) -> None:
    """What comes back is the product that was named, by its own id or by that of one of its variants."""
    product = _document(exchange, expect).get("product")
    if not isinstance(product, dict):
        raise Skip("there is no product")
    asked = arguments_of(exchange).get("catalog", {}).get("id")
    ids = [product.get("id"), *(each.get("id") for each in product.get("variants", ()) if isinstance(each, dict))]
    assert asked in ids, f"asked for {asked}, is {ids[0]}"


@check("storefront-mcp/catalog.search", "storefront-mcp/catalog.lookup", "storefront-mcp/products.get")
def a_product_has_one_currency(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Every price of a product is in the currency of its range, so that they can be compared."""
    document = _document(exchange, expect)
    products = [document["product"]] if "product" in document else document["products"]
    for number, product in enumerate(products):
        prices = [*product["price_range"].values(), *(variant["price"] for variant in product["variants"])]
        # A range may one day hold more than its two ends.
        currencies = sorted({price["currency"] for price in prices if isinstance(price, dict)})
        if len(currencies) > 1:
            yield Finding("business", "one currency", ", ".join(currencies), f"product {number}")


def _document(exchange: Exchange, expect: Expect) -> dict[str, Any]:
    document = document_of(exchange, expect)
    if not isinstance(document, dict):
        raise Skip("there is no document")
    return document


def _bare(id_: Any) -> str:
    return str(id_).partition("?")[0]


def _lines(items: Any) -> Counter[str]:
    found: Counter[str] = Counter()
    for line in items:
        found[line["item"]["id"]] += line["quantity"]
    return found

"""Where the operator stands: bound to media, over pages whose numbers shift."""

from __future__ import annotations

from msgspec import structs

from console.cache.counting import Counts
from console.cache.windows import Edge, Listed, Spot
from console.domain.filters import parse
from console.domain.media import MediaKey
from console.domain.views import Selection, Sort, View
from console.ui.listing import Aim, Page, Place
from console.ui.viewport import Viewport
from tests.ui.samples import of

HEIGHT = 10
FILTERED = Selection(filter=parse("x"))


def page(first: int, numbers: range, total: int, place: Place | None = None, **more: object) -> Page:
    """Rows whose media are named by these numbers; the first of them is row `first`."""
    rows = tuple(
        Listed(Spot(0, number, number), structs.replace(of("missing"), key=MediaKey(f"n{number}")))
        for number in numbers
    )
    made = Page(
        selection=Selection(),
        rows=rows,
        first=first,
        at_top=first == 0,
        at_end=first + len(rows) == total,
        total=total,
        counted=True,
        newest=total,
        cursor=next((each for each in rows if place and each.media.key == place.cursor), None),
        place=place or Place(),
    )
    return structs.replace(made, **more)


def standing(first: int = 0, numbers: range = range(50), total: int = 1000) -> Viewport:
    """A viewport of ten lines on a page, the cursor on its first row."""
    view = Viewport()
    view.resize(HEIGHT)
    assert view.show(page(first, numbers, total))
    return view


def again(view: Viewport) -> Place:
    """What the next page of the same selection is read around."""
    return view.place(view.page.selection)


def test_rows_above_shift_numbers_and_nothing_else() -> None:
    view = standing()
    view.cursor_to(3)
    assert view.show(page(0, range(-2, 48), 1002, again(view)))
    assert (view.key, view.row, view.top) == ("n3", 5, 2)


def test_a_step_over_the_edge_scrolls_by_a_third_of_the_screen_and_a_page_by_a_page() -> None:
    view = standing()
    for _ in range(HEIGHT):
        assert view.step(1) is None
    assert (view.row, view.top) == (10, 3)
    assert view.step(HEIGHT - 1) is None
    assert (view.row, view.top) == (19, 10)
    assert view.step(-HEIGHT) is None
    assert (view.row, view.top) == (9, 7)


def test_a_step_out_of_the_page_says_what_to_read() -> None:
    view = standing(100, range(100, 150))
    view.cursor_to(149)
    place = view.step(5)
    assert place is not None
    assert (place.key, place.row, place.offset, place.aim) == ("n149", 149, 5, Aim.CURSOR)
    assert (view.row, view.key) == (149, "n149")
    assert view.show(page(120, range(120, 170), 1000, place, here=154))
    assert (view.row, view.key) == (154, "n154")
    assert view.in_sight(154)


def test_steps_end_at_the_ends_of_the_list() -> None:
    view = standing(0, range(20), 20)
    assert view.step(-5) is None
    assert view.row == 0
    assert view.step(500) is None
    assert (view.row, view.top) == (19, 10)
    assert view.to_edge(Edge.TOP) is None
    assert (view.row, view.top) == (0, 0)


def test_an_end_that_was_not_read_is_asked_for() -> None:
    view = standing()
    place = view.to_edge(Edge.END)
    assert place is not None
    assert (place.at, place.aim, view.row) == (Edge.END, Aim.CURSOR, 0)
    assert view.show(page(950, range(950, 1000), 1000, place, here=999))
    assert (view.key, view.top) == ("n999", 990)


def test_scrolling_leaves_the_cursor_and_goes_no_further_than_the_rows() -> None:
    view = standing()
    assert view.scroll(20) is None
    assert (view.top, view.row, view.in_sight(view.row)) == (20, 0, False)
    near = view.scroll(45)
    assert near is not None
    assert (near.row, near.offset, view.top) == (49, -4, 20)
    far = view.scroll(500)
    assert far is not None
    assert (far.at, far.aim) == (0.5, Aim.TOP)
    assert view.show(page(480, range(480, 530), 1000, far, here=500, cursor=view.cursor))
    assert (view.top, view.key) == (500, "n0")
    assert again(view).key == "n500"


def test_a_page_that_has_nothing_of_what_is_looked_at_is_refused() -> None:
    view = standing()
    place = again(view)
    view.scroll(30)
    assert not view.show(page(0, range(25), 1000, place))
    assert view.top == 30


def test_what_takes_the_cursor_over_takes_its_line_and_that_is_known() -> None:
    view = standing()
    view.cursor_to(4)
    place = again(view)
    after = page(0, range(50), 999, place)
    rows = tuple(each for each in after.rows if each.media.key != "n4")
    assert view.show(structs.replace(after, rows=rows, cursor=rows[4]))
    assert (view.key, view.row, view.slipped) == ("n5", 4, True)


def test_following_stays_at_the_newest_end() -> None:
    view = standing()
    view.following = True
    place = again(view)
    assert (place.at, place.aim) == (Edge.TOP, Aim.FOLLOW)
    assert view.show(page(0, range(-1, 49), 1001, place, here=0))
    assert (view.key, view.top, view.slipped) == ("n-1", 0, True)
    assert view.unnoticed() is None
    view.cursor_to(1)
    assert not view.following


def test_what_is_followed_is_the_newest_end_of_another_selection_as_well() -> None:
    view = standing()
    view.cursor_to(7)
    view.following = True
    place = view.place(FILTERED)
    assert (place.key, place.at, place.aim) == (None, Edge.TOP, Aim.FOLLOW)
    assert view.show(page(0, range(-3, 47), 1003, place, selection=FILTERED, here=0))
    assert (view.key, view.row, view.top, view.following) == ("n-3", 0, 0, True)
    turned = Selection(sort=Sort.RECEIVED, reverse=True)
    place = view.place(turned)
    assert (place.at, place.aim) == (Edge.END, Aim.FOLLOW)
    assert view.show(page(950, range(950, 1000), 1000, place, selection=turned, here=999))
    assert (view.key, view.top, view.following) == ("n999", 990, True)
    assert view.unnoticed() is None


def test_following_that_began_while_another_selection_was_read_needs_another_page() -> None:
    view = standing()
    view.cursor_to(7)
    place = view.place(FILTERED)
    view.following = True
    late = page(0, range(50), 1000, place, selection=FILTERED)
    assert not view.show(late)
    assert view.show(structs.replace(late, place=view.place(FILTERED)))
    assert (view.key, view.following) == ("n0", True)


def test_the_newest_end_of_a_reversed_order_by_time_is_its_end() -> None:
    view = standing()
    for sort, reverse, end in (
        (Sort.SENT, True, Edge.END),
        (Sort.SENT, False, Edge.TOP),
        (Sort.DUE, True, Edge.TOP),
    ):
        selection = Selection(sort=sort, reverse=reverse)
        view.show(page(0, range(50), 1000, selection=selection))
        assert view.newest is end


def test_new_rows_are_unnoticed_until_their_end_is_in_sight() -> None:
    view = standing()
    assert view.unnoticed() is None
    assert view.show(page(0, range(-2, 48), 1002, again(view)))
    told = view.unnoticed()
    assert told is not None
    assert (told.after, told.spot.seq, told.edge) == (1000, 0, Edge.TOP)
    view.scroll(0)
    assert view.unnoticed() is None


def test_new_rows_are_unnoticed_though_they_have_numbers_that_a_purge_took_away() -> None:
    view = standing()
    view.scroll(10)
    assert view.show(page(0, range(50), 990, again(view)))
    assert view.unnoticed() is None
    assert view.show(page(0, range(-5, 45), 995, again(view)))
    told = view.unnoticed()
    assert told is not None
    assert told.after == 990


def test_counts_that_come_later_move_the_scroll_bar_alone() -> None:
    view = Viewport()
    view.resize(HEIGHT)
    assert view.show(page(0, range(50), 51, selection=FILTERED, counted=False))
    view.cursor_to(3)
    view.recount(Counts(1000, {View.ALL: 400}))
    assert (view.page.total, view.page.counted, view.row, view.top) == (400, True, 3, 0)

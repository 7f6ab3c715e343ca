"""What the narrator says: for each case several ways, all with the same slots and the same truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Ways = tuple[str, ...]

COFFEE: Mapping[str, Ways] = {
    "cups": (
        "{lattes}: {daily}, {monthly}.",
        "The innkeeper's price is {lattes}: {daily}, {monthly}.",
        "Keeping this alive takes {lattes}: {daily}, {monthly}.",
        "The tavern keeps your tab: {lattes}, which is {daily} or {monthly}.",
        "The upkeep of this quest comes to {lattes}: {daily}, {monthly}.",
        "Your purse pays {lattes} for this: {daily}, {monthly}.",
    ),
    "team": (
        "{lattes}, a busy team's order: {daily}, {monthly}.",
        "Coffee for the whole garrison: {lattes}, which is {daily} or {monthly}.",
        "The whole party is drinking: {lattes}, at {daily} or {monthly}.",
    ),
    "cafe": (
        "{lattes}: you are funding a café. That is {daily}, {monthly}.",
        "A dragon drinks like this: {lattes}, which is {daily} or {monthly}.",
        "Coffee for a small kingdom: {lattes}, which is {daily} or {monthly}.",
    ),
    "saves": (
        "This saves {saved_lattes}: {saved} less than today. What stays costs {monthly} ({daily}).",
        "Coin returns to the purse: {saved} less than today ({saved_lattes}). What stays costs {monthly}, or {daily}.",
        "The tab shrinks by {saved}, which is {saved_lattes}. From then on it is {monthly}, or {daily}.",
    ),
    "freed": (
        "This saves {saved_lattes}: {saved} less than today.",
        "Coin returns to the purse: {saved} less than today ({saved_lattes}).",
        "The tab shrinks by {saved}, which is {saved_lattes}.",
    ),
    "closed": (
        "The tab is closed: this saves {saved_lattes}, {saved_daily} or {saved}.",
        "The innkeeper wipes your name off the slate: this saves {saved_lattes}, {saved_daily} or {saved}.",
        "Camp is broken and the fire is out: this saves {saved_lattes}, {saved_daily} or {saved}.",
    ),
    "free": (
        "On the house: {zero}. Nothing in this plan bills by the hour.",
        "The innkeeper waves you through: {zero}. Nothing in this plan bills by the hour.",
        "No coin changes hands: {zero}. Nothing in this plan bills by the hour.",
    ),
    "by_use": (
        "Pay by the sip: {usage}.",
        "No rent, only tolls, and they follow how much it is used: {usage}.",
        "The meter sleeps until somebody calls; then it runs: {usage}.",
    ),
    "unpriced": (
        "The price tag is in a strange tongue: {unpriced}. That cost is unknown, which is not the same as free.",
        "The merchant names no price: {unpriced}. That cost is unknown, which is not the same as free.",
        "The ledger has a torn page: {unpriced}. That cost is unknown, which is not the same as free.",
    ),
}
DEARER = "That is {change} than today."
UNCHANGED = "The bill stays what it is today."
ALSO_BY_USE = "What is billed by use comes on top: {usage}."
ALSO_UNPRICED = "Not counted: {unpriced}."
ESTIMATED = "Some of these prices are estimates."
CUP = "(A latte counts as {latte}.)"

ANALOGY: Mapping[str, Ways] = {
    "compute": (
        "A rented room with the lights on: you pay by the hour, used or not.",
        "A horse in the stable: it eats every day, ridden or not.",
        "A guard on the night watch: the wage is due whether anybody comes or not.",
        "A forge under steam: the coal burns whether you hammer or not.",
        "A cart hired by the day: loaded or empty, the price is the same.",
    ),
    "toll": (
        "A toll booth: you pay for the booth before any cart rolls through.",
        "A bridge with a keeper: the keeper is paid, however few travellers cross.",
        "A city gate: it is manned even on days when nobody enters.",
    ),
    "database": (
        "A vault with a guard: the guard is the cost, not the gold.",
        "A royal library: you pay the librarian, however few books are read.",
        "A treasury with a scribe on duty day and night: the scribe's wage is the bill.",
    ),
    "storage": (
        "A self-storage unit: cheap until you forget it.",
        "A chest in the dungeon: it costs a little for as long as anything lies in it.",
        "A granary: the rent follows how much you store, not how often you look inside.",
    ),
    "kubernetes": (
        "A stage manager: paid before any actor arrives.",
        "A harbour master: on the payroll before any ship docks.",
        "A conductor: paid to stand there, while the musicians send bills of their own.",
    ),
    "serverless": (
        "A taxi: it costs nothing while parked.",
        "A genie in a bottle: it asks for pay only when it is called.",
        "A lantern that burns oil only while somebody looks at it.",
    ),
    "messaging": (
        "A raven post: somebody keeps the birds, and every letter flies to the right tower.",
        "A courier house: letters wait here until somebody is ready to read them.",
        "A town crier: what is said here is heard in every street.",
    ),
    "dns": (
        "A signpost at the crossroads: small, and every traveller follows it.",
        "The name over the tavern door: without it nobody finds the way in.",
        "A page in the atlas: turn it, and every road leads elsewhere.",
    ),
    "monitoring": (
        "A watchtower: it changes nothing by itself, and tells you what comes over the hill.",
        "A scribe who writes down all that happens: the scrolls pile up.",
        "A bell on a string: quiet, until something moves in the dark.",
    ),
    "identity": (
        "A ring of keys: it weighs little, and it opens doors.",
        "A seal of the court: whoever holds it, speaks for the king.",
        "A list at the gate: it decides who comes in.",
    ),
    "network": (
        "Roads and walls: nobody comes to see them, and nothing works without them.",
        "The map of the dungeon: which corridor leads where, and which door stays shut.",
        "The streets of a town: laid before any house is built.",
    ),
    "other": (
        "A hired hand: on the books until you say farewell.",
        "A piece of the scenery: small by itself, missed when it is gone.",
        "A tool on the wall: there when the quest calls for it.",
    ),
    "unknown": (
        "A locked crate: it may be light or heavy, so look at its price tag before you lift it.",
        "A sealed scroll: our book does not know what it asks of you.",
        "An unlabelled potion: read the merchant's list before you drink.",
    ),
    "gone": (
        "A demolition permit: the lot is empty afterwards.",
        "Breaking camp: tents down, fire out, and no rent for the meadow any more.",
        "Dropping the curtain: the stage goes dark and the actors go home.",
    ),
    "no_undo": (
        "A demolition permit, and the archive is still inside: there is no undo.",
        "Burning the ship with the logbook aboard: there is no undo.",
        "Sealing the tomb with the treasure in it: there is no undo.",
    ),
    "idle": (
        "A quiet night at the camp: nothing moves.",
        "The dice stay in the bag: nothing changes.",
        "The map is drawn anew, and every line falls where it was.",
    ),
}
SIZE = "In size, about {size}."
SPANS = "It spans {clouds}."

RISK: Mapping[str, Ways] = {
    "critical": (
        "Here be dragons, at {risk_at}. {risk}",
        "The floor ends at {risk_at}. {risk}",
        "A red sigil burns at {risk_at}. {risk}",
        "The alarm bell rings for {risk_at}. {risk}",
    ),
    "high": (
        "A trapdoor stands open at {risk_at}. {risk}",
        "The gate hangs off its hinges at {risk_at}. {risk}",
        "Torches move in the dark near {risk_at}. {risk}",
    ),
    "medium": (
        "Tread with care at {risk_at}. {risk}",
        "There are loose stones at {risk_at}. {risk}",
        "Roll for caution at {risk_at}. {risk}",
    ),
    "unknown": (
        "Fog lies over {risk_at}. {risk}",
        "The crystal ball is clouded over {risk_at}. {risk}",
        "The map has a blank spot at {risk_at}. {risk}",
    ),
    "low": (
        "A quiet corridor, with a draught at {risk_at}. {risk}",
        "Little stirs here but at {risk_at}. {risk}",
        "Known ground, and a pebble at {risk_at}. {risk}",
    ),
    "no_trap": (
        "Our rules walked this plan and found no trap; they do not see everything.",
        "No trap sprang when our rules walked this plan, which is no promise that none is there.",
        "Our rules searched for traps and found none; they know the common ones only.",
        "The rogue went ahead with our rules in hand and found no trap; rogues have been wrong before.",
        "No tripwire that our rules know is in this plan; there are others.",
    ),
    "strangers": (
        "There are strangers at the gate: kinds that our rules do not know, and so cannot judge.",
        "The bestiary has no page for some of this: our rules do not know these kinds, and cannot judge them.",
    ),
    "unseen": (
        "Part of this plan shows only after it is applied: treat its danger as unknown.",
        "The plan keeps some of its cards covered: treat its danger as unknown.",
        "Our rules could not see all of this plan: treat its danger as unknown.",
    ),
    "nothing": (
        "Nothing changes, so nothing breaks.",
        "No door is opened and no wall is moved: nothing changes.",
        "Nothing is touched, so nobody gets in that was not in before.",
    ),
}
LOST = "Lost for ever: {lost}."
REBUILT = "Torn down and built anew: {rebuilt}."
REACH = "Depending on what changes: {reach}."
MORE_RISKS = "The details list {more_risks}."

TREASURE: Mapping[str, Ways] = {
    "found": (
        "Dig here: {treasure}. Where: {found_at}. {caveat}",
        "A loose flagstone: {treasure}. Lift it at {found_at}. {caveat}",
        "The map marks a spot: {treasure}, for {found_at}. {caveat}",
        "A glint in the wall: {treasure}. Where: {found_at}. {caveat}",
    ),
    "none": (
        "Bare flagstones: our rules know nothing cheaper that is also safe.",
        "The chest is empty: our rules know nothing cheaper that is also safe.",
        "We dug and found bare rock: our rules know nothing cheaper that is also safe.",
    ),
    "no_bill": (
        "No need to dig: there is no bill that could shrink.",
        "The purse is closed already: there is no bill that could shrink.",
    ),
    "closed": (
        "The closed tab is the treasure: what is gone sends no bill.",
        "No digging needed: what is gone sends no bill.",
        "The purse stays shut from here on: what is gone sends no bill.",
    ),
}
NO_TREASURE = "No treasure here"

ENVIRONMENT: Mapping[str, Ways] = {
    "measured": (
        "Each month about {kwh} of electricity and {carbon} ({spread}).",
        "The forge takes about {kwh} a month, and its smoke is {carbon} ({spread}).",
        "The dragon in the machine room eats about {kwh} a month and breathes out {carbon} ({spread}).",
        "Somewhere a chimney smokes for this: about {kwh} a month, which is {carbon} ({spread}).",
        "The mill wheel draws about {kwh} a month, and that is {carbon} ({spread}).",
    ),
    "electricity": (
        "Each month about {kwh} of electricity; for its region our book has no carbon figure ({spread}).",
        "The forge takes about {kwh} a month; how sooty, our book cannot say for its region ({spread}).",
    ),
    "spared": (
        "The fire goes out: each month this spares about {spared} ({spread}).",
        "The forge cools: each month this spares about {spared} ({spread}).",
        "The forest breathes out: each month this spares about {spared} ({spread}).",
    ),
    "gone": (
        "The fire goes out: what is gone draws no more power.",
        "The forge cools: what is gone draws no more power.",
        "The forest breathes out: what is gone draws no more power.",
    ),
    "unmeasured": (
        "No machine here whose electricity our book can measure.",
        "No forge to weigh: there is no machine here whose electricity our book can measure.",
        "The druids find no machine here whose electricity they could measure.",
    ),
}
ALSO_SPARED = "What goes spares about {spared} a month."
NOT_MEASURED = "Not measured: {uncounted}."

ADVICE: Mapping[str, Ways] = {
    "reason": (
        "Take {service}. {reason}",
        "For this quest: {service}. {reason}",
        "The council points at {service}. {reason}",
    ),
    "failure": (
        "If it falls: {failure}",
        "Should the lights go out: {failure}",
        "On a bad roll: {failure}",
    ),
    "cheaper": (
        "Dig here: {cheaper} does it for less. {caveat}",
        "A smaller purse takes {cheaper}. {caveat}",
        "The map marks a spot: {cheaper} does it for less. {caveat}",
    ),
    "cheapest": (
        "No treasure here: of what our book knows, this is the cheapest that does it.",
        "The chest is empty: of what our book knows, this is the cheapest that does it.",
    ),
    "free": (
        "On the house: {zero}, as far as our list prices go.",
        "No coin changes hands: {zero}, as far as our list prices go.",
    ),
}

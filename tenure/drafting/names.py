"""The words of a column's name, and what they say in several languages."""

from __future__ import annotations

import re
import unicodedata

FLAG_WORDS = frozenset(
    ["is", "has", "was", "did", "will", "be", "flag", "label", "value", "ind", "indicator", "yn", "y", "n", "bool",
     "binary", "status", "target", "class", "the", "a", "of", "customer", "customers", "cust", "client", "clients",
     "user", "account", "acct", "subscriber", "kunde", "kunden", "cliente", "usuario", "contract", "subscription",
     "membership", "service", "vertrag", "contrat", "contrato", "contratto"]
)  # fmt: skip
"""Words beside a label's own that do not change what it means."""

PERSON = (
    "msno|customer|cust|client|cliente|clientes|kunde|kunden|klant|klient|subscriber|subscription|abonnent|abonne|suscriptor"
    "|assinante|member|mitglied|miembro|membre|membro|socio|user|usuario|utilisateur|nutzer|benutzer|employee|emp"
    "|employe|empleado|mitarbeiter|staff|policyholder|patient|student|person|party|household|donor|guest|player|seller"
    "|merchant|driver|passenger|visitor|tenant|borrower|applicant|cardholder|consumer|shopper|buyer|contact"
)
ACCOUNT = "account|acct|konto|cuenta|compte|conta|policy|loan|card|msisdn|imsi"
CONTACT = (
    "phone|telephone|tel|telefon|telefono|telefone|mobile|cell|cellphone|handy|fax|email|mail|ip|iban|ssn|passport|imei"
    "|device"
)
EVENT = (
    "session|event|order|invoice|transaction|txn|trans|purchase|ticket|visit|request|log|row|record|line|basket|cart"
    "|click|message|rechnung|bestellung|auftrag|factura|pedido|commande|facture|contract|contrat|contrato|vertrag"
    "|booking|reservation|shipment|payment|sitzung|sesion"
)
THING = (
    "item|product|produkt|producto|produit|sku|page|article|artikel|stock|store|shop|branch|filiale|agent|campaign"
    "|referral|company|tariff|tarif|plan|city|country|region|state|dept|department|team|manager|vendor|supplier"
    "|campaign|referrer|school|category|channel"
)
ID = "id|ids|uuid|guid|uid|key|identifier|identifiant|identificador|kennung|pk|schluessel|schlussel|clave"
NUMBER = "no|nr|num|nbr|number|nummer|numero|numer|code|cod|codigo|codice|ref|reference|hash"

_NUMBER_FIRST = re.compile(rf"^(?:{NUMBER}|n|nb|count|anzahl|total|cantidad|nombre)_(?P<rest>.+)$")
_NOUN = f"(?P<person>{PERSON})|(?P<account>{ACCOUNT})|(?P<contact>{CONTACT})|(?P<event>{EVENT})|(?P<thing>{THING})"
_AFTER = r"(?:_(?:hash|hashed|anon|anonymized|masked|x|y|fk|pk|str|text|[0-9]+))*"
_ID_NAMES = [
    re.compile(pattern)
    for pattern in (
        rf"^(?:[^\W_]+_)*(?:{_NOUN})_?(?:{ID}|{NUMBER}){_AFTER}$",
        rf"^(?:{ID}|{NUMBER})_?(?:(?:de|del|du|des|der|do|da|la|of)_)*(?:{_NOUN}){_AFTER}$",
        rf"^(?:the_|our_|e_)?(?:(?P<person>{PERSON})|(?P<account>account|acct|konto|msisdn|imsi)|(?P<contact>{CONTACT}))$",
        rf"^(?:[^\W_]+_)*(?:{ID}){_AFTER}$",
        rf"^(?:{ID})_?[0-9]+$",
        rf"^(?:{NUMBER})$",
        r"^(?:serial|sequence|seq|security|roll|sl|s|membership|registration|matricule)_(?:no|nr|num|number)$",
    )
]
_OTHER_SCRIPTS = re.compile("客户|顧客|고객|клиент|абонент|用户|会員|عميل")
_NO_ID = re.compile(r"_(?:type|status|length|age|value|since|calls|count|segment|rating|score|level|group|category)$")


def fold(name: str) -> str:
    """``CustomerId``, ``customer id`` and ``Customer-ID`` as ``customer_id``; without accents."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", plain.replace("ß", "ss"))
    return re.sub(r"[\W_]+", "_", parted.lower()).strip("_")


def words(name: str) -> tuple[str, ...]:
    """The words of a name, folded."""
    return tuple(fold(name).split("_"))


IDENTIFIERS = ("person", "identifier", "account", "contact", "event", "thing")
"""What an identifier can identify, those that identify a customer best first; ``identifier`` says nothing more."""


def identified(name: str) -> str | None:
    """What a column identifies by its name, one of ``IDENTIFIERS``; None if the name is not that of an identifier.

    ``number_of_calls`` and ``NumOfProducts`` count something, ``zip code`` is a category.
    """
    folded = fold(name)
    if _OTHER_SCRIPTS.search(name):
        return "person"
    first = _NUMBER_FIRST.match(folded)
    if first is not None and not any(pattern.match(folded) for pattern in _ID_NAMES[1:2]):
        return None
    if _NO_ID.search(folded):
        return None
    for pattern in _ID_NAMES:
        found = pattern.match(folded)
        if found is not None:
            nouns = {kind: text for kind, text in found.groupdict().items() if text}
            return next((kind for kind in IDENTIFIERS if kind in nouns), "identifier")
    return None


_UNNAMED = re.compile(
    r"^(?:unnamed(?:_[0-9]+)*|column_?[0-9]*|col_?[0-9]+|index|level_0|rank|rang|row|rownum|row_?(?:number|id)|(?:sl|s|sr|serial)_?(?:no|number)|)$"
)


def is_unnamed(name: str) -> bool:
    """Whether a column's name is that of an index: empty, ``Unnamed: 0``, ``column_1``, ``rank``."""
    return _UNNAMED.match(fold(name)) is not None


_PERSON_NAME = re.compile(
    r"^(?:(?:customer|client|user|employee|full|first|last|sur|given|family|middle|member)_?)*name$|^surname$|^nachname$"
    r"|^vorname$|^apellidos?$|^nombre$|^prenom$|^nom$|^sobrenome$|^nome$"
)


def is_person_name(name: str) -> bool:
    """Whether a column holds the names of people."""
    return _PERSON_NAME.match(fold(name)) is not None


_CODE = re.compile(
    r"(?:^|_)(?:zip|zipcode|postcode|postal|postalcode|plz|pincode|code|area_code|zone|type|region|cluster)(?:_code)?s?$"
)
_THING_CODE = re.compile(
    r"^(?:(?:home|main|primary|sales|booking|travel|insurance|customer|client|market|marketing|acquisition|work|job)_)?"
    r"(?:agent|agency|broker|company|branch|filiale|store|vendor|supplier|dealer|district|province|department|dept"
    r"|channel|segment|tariff_plan)$"
)


def is_code(name: str, *, whole: bool = False) -> bool:
    """Whether the numbers of a column are codes, such as ``zip code``, that are not measured on a scale.

    Args:
        name: the column's.
        whole: whether the numbers are integers: then those named after a thing, such as ``agent``, are its codes, too.
    """
    folded = fold(name)
    if _CODE.search(folded) is not None:
        return True
    return whole and _THING_CODE.match(folded) is not None


_SENSITIVE = re.compile(
    r"(?:^|_)(?:gender|sex|race|ethnicity|religion|nationality|disability|marital|geschlecht|genero|sexo|genre)(?:_|$)"
)


def is_sensitive(name: str) -> bool:
    """Whether a column holds what the law protects, such as ``gender``."""
    return _SENSITIVE.search(fold(name)) is not None


_TIME = re.compile(
    r"snapshot|as_?of|observ|report|period|event|order|transaction|purchase|invoice|timestamp|stichtag|zeitpunkt|zeitstempel"
    r"|(?:^|_)(?:date|time|datetime|ts|dt|datum|zeit|fecha|day|month|monat|mes|mois|week|quarter|cutoff|yearmonth|yyyymm)$"
)
_PERIOD_START = re.compile(
    r"^(?:(?:snapshot|observation|report|reporting)_)?(?:week|month|quarter|period)_(?:start|begin|beginning|end|ending)"
    r"(?:_(?:date|day))?$"
)
_NO_TIME = re.compile(
    r"sign|join|birth|dob|born|start|since|begin|began|first|last|latest|renew|end|expir|due|valid|close|cancel|churn|left|exit"
    r"|terminat|activat|creat|regist|enrol|hire|open|subscri|updat|modif|(?:^|_)(?:next|status|outcome|result)(?:_|$)"
)
_DATE = re.compile(r"date|datum|fecha|epoch|timestamp|(?:^|_)(?:at|on|ts|dt|time|since|joined|created|dob|born|day)$")


def is_time(name: str) -> bool:
    """Whether a date in the column is the time that its row describes."""
    folded = fold(name)
    if _PERIOD_START.search(folded) is not None:
        return True
    return _TIME.search(folded) is not None and _NO_TIME.search(folded) is None


def is_date(name: str) -> bool:
    """Whether numbers in the column may be days or moments: 20240116, seconds since 1970."""
    return _DATE.search(fold(name)) is not None


_HAS_ID = re.compile(rf"(?:^|_)(?:{ID})(?:_|$)|(?:{EVENT})(?:{ID})$")


def has_identifier_word(name: str) -> bool:
    """Whether a name says that the column is an identifier: ``session_id``, not ``contract`` or ``order_num``."""
    return _HAS_ID.search(fold(name)) is not None


_PERIOD = re.compile(
    r"(?:^|_)(?:day|week|kw|woche|semaine|semana|settimana|month|monat|mois|mes|mese|quarter|quartal|trimestre|year|jahr"
    r"|annee|ano|anno|period|periode|periodo|wave|round|yyyymm|yearmonth|snapshot)(?:_(?:no|nr|num|number|id))?$"
)


def is_period(name: str) -> bool:
    """Whether a column says which month, week or wave a row is of, whatever it is written as."""
    return _PERIOD.search(fold(name)) is not None


_EVENT_TIME = re.compile(r"event|order|transaction|purchase|invoice|timestamp|visit|click|session|booking|payment")


def is_event_time(name: str) -> bool:
    """Whether a time is that of an event, rather than of a snapshot."""
    return _EVENT_TIME.search(fold(name)) is not None

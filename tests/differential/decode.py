"""Reads CLIXML, one JSON string a line, with psrpcore and writes what it read as a tree, and what psrpcore writes of it.

One JSON value a line: {"tree": ..., "wire": ...}, with an "error" in place of what psrpcore cannot do. The reader is psrpcore as
it is. Of its writer the faults are mended that tests/peer/README.md lists, which PowerShell itself does not take.
"""

import datetime
import decimal
import enum
import json
import pathlib
import struct
import sys
import uuid
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "peer"))

from pep_peer import patches  # noqa: E402
from psrpcore import types as t  # noqa: E402
from psrpcore.types._primitive import _timedelta_total_nanoseconds  # noqa: E402
from psrpcore.types._serializer import _Serializer, deserialize  # noqa: E402


class Cipher(t.PSCryptoProvider):
    """Leaves secrets as they travel; psrpcore hands the text of the element over and takes it back."""

    def decrypt(self, value):
        return value

    def encrypt(self, value):
        return value

    def register_key(self, key):
        pass


class Writer(_Serializer):
    """Takes an object for one that was there before when it is that one. psrpcore does so when two are equal, so that of 1.5 with one
    note and 1.5 with another the second is lost, and never with lists and the like.
    """

    def __init__(self):
        super().__init__(Cipher())
        self._obj_ref = ById()


class ById(dict):
    def setdefault(self, key, default):
        # The key is kept, so that its identity is not given to another one.
        return super().setdefault(id(key), (key, default))[1]


def text(value):
    return None if value is None else "".join(value).encode("utf-16-be", "surrogatepass").hex()


def ticks(value):
    day = (value.toordinal() - 1) * 864_000_000_000
    seconds = (value.hour * 60 + value.minute) * 60 + value.second
    return day + seconds * 10_000_000 + value.microsecond * 10 + getattr(value, "nanosecond", 0) // 100


def primitive(value):
    if isinstance(value, enum.Enum):
        return primitive(t.PSInt(value.value))
    if isinstance(value, bool):
        return ["B", "true" if value else "false"]
    for kind, name in (
        (t.PSChar, "C"), (t.PSByte, "By"), (t.PSSByte, "SB"), (t.PSInt16, "I16"), (t.PSUInt16, "U16"), (t.PSInt64, "I64"),
        (t.PSUInt64, "U64"), (t.PSUInt, "U32"), (t.PSInt, "I32"),
    ):
        if isinstance(value, kind):
            return [name, str(int(value))]
    if isinstance(value, t.PSSingle):
        return ["Sg", "nan" if value != value else struct.pack(">f", float(value)).hex()]
    if isinstance(value, float):
        return ["Db", "nan" if value != value else struct.pack(">d", float(value)).hex()]
    if isinstance(value, decimal.Decimal):
        return ["D", format(decimal.Decimal(value), "f")]
    if isinstance(value, t.PSVersion):
        return ["Version", str(value)]
    if isinstance(value, uuid.UUID):
        return ["G", str(value)]
    if isinstance(value, datetime.timedelta):
        return ["TS", str(_timedelta_total_nanoseconds(value) // 100)]
    if isinstance(value, datetime.datetime):
        offset = value.utcoffset()
        return ["DT", str(ticks(value)), None if offset is None else int(offset.total_seconds() // 60)]
    if isinstance(value, (bytes, bytearray)):
        return ["BA", bytes(value).hex()]
    if isinstance(value, t.PSSecureString):
        return ["SS", str(value.decrypt())]
    if isinstance(value, t.ProgressRecord):
        return [
            "PR", text(value.Activity), value.ActivityId, text(value.StatusDescription), text(value.CurrentOperation),
            value.ParentActivityId, value.PercentComplete, value.SecondsRemaining, value.RecordType.name,
        ]
    for kind, name in ((t.PSScriptBlock, "SBK"), (t.PSUri, "URI"), (t.PSXml, "XD")):
        if isinstance(value, kind):
            return [name, text(value)]
    if isinstance(value, str):
        return ["S", text(value)]
    return None


def type_names(meta):
    # psrpcore says of types that it does not know that they were deserialized, which PowerShell says as well.
    return [text(name.removeprefix("Deserialized.")) for name in meta.type_names]


def tree(value):
    if value is None:
        return None
    meta = getattr(value, "PSObject", None)
    properties = {"adapted": [], "extended": []}
    if meta is not None and not isinstance(value, t.ProgressRecord):
        for key, found in (("adapted", meta.adapted_properties), ("extended", meta.extended_properties)):
            properties[key] = [[text(p.name), tree(p.get_value(value))] for p in found]
    plain = primitive(value)
    simple = plain is not None
    if plain is None:
        if isinstance(value, dict):
            plain = ["DCT", [[tree(k), tree(v)] for k, v in value.items()]]
        elif isinstance(value, t.PSStackBase):
            plain = ["STK", [tree(v) for v in value]]
        elif hasattr(value, "queue"):
            plain = ["QUE", [tree(v) for v in list(value.queue)]]
        elif isinstance(value, t.PSIEnumerable):
            plain = ["IE", [tree(v) for v in value]]
        elif isinstance(value, (list, tuple)):
            plain = ["LST", [tree(v) for v in value]]
        else:
            plain = ["bag"]
    shown = None if meta is None or isinstance(value, t.ProgressRecord) else meta._to_string
    if simple and shown is None and not any(properties.values()):
        return plain
    types = None if simple or meta is None else type_names(meta)
    return {"value": plain, "types": types, "text": text(shown), **properties}


patches.apply()
for line in sys.stdin:
    answer = {}
    try:
        value = deserialize(ElementTree.fromstring(json.loads(line).encode("utf-8")), Cipher())
        answer["tree"] = tree(value)
        # After the tree: writing empties queues.
        answer["wire"] = ElementTree.tostring(Writer().serialize(value), encoding="unicode")
    except Exception as error:  # what it cannot do is told, not hidden
        answer.setdefault("tree", {"error": repr(error)})
        answer.setdefault("wire", None)
        answer["error"] = repr(error)
    print(json.dumps(answer), flush=True)

"""Reads CLIXML, one JSON string a line, with psrpcore and writes what it read as a tree, one JSON value a line."""

import datetime
import decimal
import json
import struct
import sys
import uuid
import xml.etree.ElementTree as ElementTree

from psrpcore import types as t
from psrpcore.types._primitive import _timedelta_total_nanoseconds
from psrpcore.types._serializer import deserialize


def text(value):
    return "".join(value).encode("utf-16-be", "surrogatepass").hex()


def primitive(value):
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
    if isinstance(value, (bytes, bytearray)):
        return ["BA", bytes(value).hex()]
    for kind, name in ((t.PSScriptBlock, "SBK"), (t.PSUri, "URI"), (t.PSXml, "XD")):
        if isinstance(value, kind):
            return [name, text(value)]
    if isinstance(value, str):
        return ["S", text(value)]
    return None


def tree(value):
    if value is None:
        return None
    meta = getattr(value, "PSObject", None)
    properties = {}
    if meta is not None:
        for key, found in (("adapted", meta.adapted_properties), ("extended", meta.extended_properties)):
            properties[key] = [[text(p.name), tree(p.get_value(value))] for p in found]
    plain = primitive(value)
    if plain is None:
        if isinstance(value, dict):
            plain = ["DCT", [[tree(k), tree(v)] for k, v in value.items()]]
        elif isinstance(value, t.PSStackBase):
            plain = ["STK", [tree(v) for v in value]]
        elif hasattr(value, "queue"):
            plain = ["QUE", [tree(v) for v in list(value.queue)]]
        elif isinstance(value, (list, tuple)):
            plain = ["LST", [tree(v) for v in value]]
        else:
            plain = ["bag"]
    return {"value": plain, **properties} if any(properties.values()) else plain


for line in sys.stdin:
    try:
        shown = tree(deserialize(ElementTree.fromstring(json.loads(line).encode("utf-8")), None))
    except Exception as error:  # what it cannot read is told, not hidden
        shown = {"error": repr(error)}
    print(json.dumps(shown), flush=True)

"""Reads the structure of a SQLite store into the shape of tests/data/store/schema.json and lists differences."""
import re
import sqlite3


def squeeze(text):
    return re.sub(r"\s+", " ", text).strip()


def checks(ddl):
    """The conditions of all CHECK constraints of a CREATE TABLE statement, comments removed, spaces squeezed."""
    ddl = re.sub(r"--[^\n]*", "", ddl)
    found = []
    for start in re.finditer(r"\bCHECK\s*\(", ddl, re.IGNORECASE):
        depth, at = 1, start.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(ddl[at], 0)
            at += 1
        found.append(re.sub(r"\s*([(),])\s*", r"\1", squeeze(ddl[start.end():at - 1])))
    return sorted(found)


def tables(connection):
    out = {}
    names = connection.execute("select name, sql from sqlite_master where type = 'table'").fetchall()
    for name, sql in names:
        if name.startswith(("sqlite_", "cortex_")) or "_fts" in name:
            continue
        columns = [{"cid": c[0], "name": c[1], "type": c[2], "notnull": bool(c[3]), "default": c[4], "pk": c[5]}
                   for c in connection.execute(f'pragma table_info("{name}")')]
        keys = connection.execute(f'pragma foreign_key_list("{name}")').fetchall()
        out[name] = {"columns": columns, "checks": checks(sql),
                     "foreign_keys": sorted((k[2], k[3], k[4], k[5], k[6]) for k in keys)}
    return out


def indexes(connection):
    out = {}
    for (table,) in connection.execute("select name from sqlite_master where type = 'table'").fetchall():
        for _, name, unique, origin, partial in connection.execute(f'pragma index_list("{table}")').fetchall():
            if origin == "c":
                columns = [c[2] for c in connection.execute(f'pragma index_info("{name}")')]
                out[name] = {"table": table, "columns": columns, "unique": bool(unique), "partial": bool(partial)}
    return out


def triggers(connection):
    out = {}
    found = connection.execute("select name, tbl_name, sql from sqlite_master where type = 'trigger'").fetchall()
    for name, table, sql in found:
        head = re.search(r"\b(BEFORE|AFTER|INSTEAD OF)\s+(INSERT|DELETE|UPDATE(?:\s+OF\s+[\w, ]+?)?)\s+ON\b",
                         squeeze(sql), re.IGNORECASE)
        out[name] = {"table": table, "timing": head[1], "event": head[2]}
    return out


def differences(store, golden):
    """Lines that say what `golden` has and the store has not; additions of the store are allowed where the format
    allows them (further indexes, private tables)."""
    connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    try:
        have = {"tables": tables(connection), "indexes": indexes(connection), "triggers": triggers(connection)}
    finally:
        connection.close()
    found = []
    for name, want in golden["tables"].items():
        got = have["tables"].get(name)
        if got is None:
            found.append(f"table {name} is missing")
            continue
        columns = [dict(c, notnull=bool(c["notnull"])) for c in want["columns"]]
        if columns != got["columns"]:
            found.append(f"table {name}: columns differ: {[c for c in columns if c not in got['columns']]}")
        normal = sorted(re.sub(r"\s*([(),])\s*", r"\1", squeeze(c)) for c in want["checks"])
        if normal != got["checks"]:
            found.append(f"table {name}: checks {normal} != {got['checks']}")
        if len(want["foreign_keys"]) != len(got["foreign_keys"]):
            found.append(f"table {name}: foreign keys {got['foreign_keys']}")
    found += [f"table {name} should not be there" for name in set(have["tables"]) - set(golden["tables"])]
    for kind in ("indexes", "triggers"):
        for name, want in golden[kind].items():
            got = have[kind].get(name)
            wanted = {k: v for k, v in want.items() if got is None or k in got}
            if got is None or any(got[k] != v for k, v in wanted.items()):
                if not (kind == "indexes" and want.get("origin") != "c"):
                    found.append(f"{kind} {name}: want {want}, got {got}")
    return found

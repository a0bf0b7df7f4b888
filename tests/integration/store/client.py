"""What people do with python3-influxdb, printed so that two servers can be compared. Usage: client.py PORT LOGIN PASSWORD"""
import sys

import requests
from influxdb import InfluxDBClient
from influxdb.exceptions import InfluxDBClientError

# a proxy has no business with 127.0.0.1
session = requests.Session()
session.trust_env = False
port, login, password = sys.argv[1:]
client = InfluxDBClient("127.0.0.1", int(port), login, password, "py", retries=1, session=session)


def shown(value):
    """Numbers as floats of nine digits: InfluxDB answers this client in MessagePack, which tells 1 from 1.0; JSON does not."""
    if isinstance(value, dict):
        return {key: shown(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [shown(inner) for inner in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return round(float(value), 9)
    return value


def attempt(what, *arguments, **options):
    try:
        return what(*arguments, **options)
    except InfluxDBClientError as error:
        return f"{error.code} {error.content.strip()}"


print(bool(client.ping()))
client.create_database("py")
client.create_database("odd name-1")
print(sorted(database["name"] for database in client.get_list_database()))
points = [
    {
        "measurement": "m",
        "tags": {"host": f"h{at % 2}", "odd key": "a,b =c"},
        "time": 1700000000 + at,
        "fields": {"f": at / 3, "i": at, "s": f"text \"{at}\"", "b": at % 2 == 0, "none": None},
    }
    for at in range(6)
]
print(client.write_points(points, time_precision="s", tags={"zone": "é"}))
print(client.write_points(["line,host=h0 f=1 1700000000000"], time_precision="ms", protocol="line"))
print(client.write_points(points, time_precision="s", batch_size=2))
print(attempt(client.write_points, [dict(points[0], fields={"f": "text"})], time_precision="s"))
print(attempt(client.write_points, points, database="nope"))
print(attempt(client.query, "SELECT nonsense("))
print(attempt(client.query, "SELECT f FROM m", database="nope"))
print(client.get_list_measurements())
print(client.get_list_retention_policies())
for query in [
    "SELECT * FROM m",
    "SELECT mean(f), max(i) FROM m GROUP BY host",
    "SELECT count(f) FROM m WHERE time >= 1700000000s AND time < 1700000006s GROUP BY time(2s), host fill(0)",
    "SELECT f FROM nothing",
    "SHOW TAG VALUES WITH KEY = host",
    "SHOW FIELD KEYS",
]:
    result = client.query(query)
    print(query, result.keys(), shown(list(result.get_points())))
result = client.query("SELECT mean(f) FROM m GROUP BY host", epoch="ms")
print(shown(list(result.get_points(measurement="m", tags={"host": "h1"}))))
print(shown([list(part.get_points()) for part in client.query("SELECT f FROM m LIMIT 1; SELECT i FROM m LIMIT 1")]))
print(shown(list(client.query("SELECT f FROM m WHERE host = $host", bind_params={"host": "h1"}, epoch="s").get_points())))
client.delete_series(measurement="m", tags={"host": "h1"})
print(sorted(str(series) for series in client.get_list_series()))
client.drop_measurement("line")
print(client.get_list_measurements())
client.drop_database("odd name-1")
print(sorted(database["name"] for database in client.get_list_database()))
wrong = InfluxDBClient("127.0.0.1", int(port), login, "wrong", "py", retries=1, session=session)
print(attempt(wrong.query, "SHOW DATABASES"))

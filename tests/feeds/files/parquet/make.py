"""
Makes the Parquet files beside this script, and trades.csv with the same trades, with pyarrow 25:

    python3 make.py FOLDER

Each file has other types, encodings and compression; the tests read the same trades from all of them.
"""

import decimal
import random
import sys

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 240
START = 1735689600000000
FOLDER = sys.argv[1]
random.seed(5)

rows = []
cents, time = 6183763, START
for at in range(ROWS):
    cents = max(100, cents + random.randint(-2000, 2000))
    time += random.choice([0, 0, 1000, 37000, 150000])
    price = decimal.Decimal(cents) / 100
    quantity = decimal.Decimal(random.randint(1, 999999)) / 100000
    rows.append((1000 + at, price, quantity, time, random.random() < 0.5))
ids, prices, quantities, times, sold = (list(column) for column in zip(*rows))
milliseconds = [one // 1000 for one in times]
doubles = {"price": [float(one) for one in prices], "qty": [float(one) for one in quantities]}
exact = decimal.Decimal("0.00000001")


def write(name, table, **options):
    pq.write_table(table, f"{FOLDER}/{name}.parquet", **options)


# Doubles in dictionaries, nullable, in three groups; times in ms, as their size shows.
write(
    "doubles",
    pa.table({"id": ids, **doubles, "time": milliseconds, "is_buyer_maker": sold}),
    compression="snappy",
    row_group_size=100,
)
# All as text, and times in µs; pages of version 2.
write(
    "texts",
    pa.table(
        {
            "timestamp": pa.array(times, pa.timestamp("us", tz="UTC")),
            "symbol": ["BTCUSDT"] * ROWS,
            "side": ["sell" if one else "buy" for one in sold],
            "price": [f"{one:.2f}" for one in prices],
            "amount": [f"{one:.5f}" for one in quantities],
            "trade_id": [str(one) for one in ids],
        }
    ),
    compression="zstd",
    row_group_size=77,
    data_page_version="2.0",
)
# Exact decimals as bytes, nothing nullable, times in ns.
write(
    "decimals",
    pa.table(
        [
            pa.array(ids, pa.int64()),
            pa.array([one * 1000 for one in times], pa.timestamp("ns")),
            pa.array([one.quantize(exact) for one in prices], pa.decimal128(18, 8)),
            pa.array([one.quantize(exact) for one in quantities], pa.decimal128(38, 8)),
            pa.array(["SELL" if one else "BUY" for one in sold], pa.string()),
        ],
        schema=pa.schema(
            [
                pa.field("trade_id", pa.int64(), nullable=False),
                pa.field("ts", pa.timestamp("ns"), nullable=False),
                pa.field("price", pa.decimal128(18, 8), nullable=False),
                pa.field("quantity", pa.decimal128(38, 8), nullable=False),
                pa.field("side", pa.string(), nullable=False),
            ]
        ),
    ),
    compression="gzip",
)
# Exact decimals as whole numbers, no dictionaries, differences of ids, times in ms.
write(
    "integers",
    pa.table(
        {
            "time": pa.array(milliseconds, pa.timestamp("ms")),
            "price": pa.array(prices, pa.decimal128(9, 2)),
            "size": pa.array(quantities, pa.decimal128(18, 5)),
            "id": pa.array(ids, pa.uint32()),
            "is_buyer_maker": sold,
        }
    ),
    compression="none",
    use_dictionary=False,
    store_decimal_as_integer=True,
    column_encoding={"id": "DELTA_BINARY_PACKED"},
)
# Old times of 96 bits, Brotli.
write(
    "int96",
    pa.table(
        {
            "id": ids,
            "time": pa.array([one * 1000 for one in times], pa.timestamp("ns")),
            **doubles,
            "is_buyer_maker": sold,
        }
    ),
    compression="brotli",
    use_deprecated_int96_timestamps=True,
)
# Aggregates of two trades each.
write(
    "aggregates",
    pa.table(
        {
            "agg_trade_id": list(range(ROWS)),
            "price": doubles["price"],
            "quantity": doubles["qty"],
            "first_trade_id": [2 * at for at in range(ROWS)],
            "last_trade_id": [2 * at + 1 for at in range(ROWS)],
            "transact_time": milliseconds,
            "is_buyer_maker": sold,
        }
    ),
    compression="lz4",
)
# Numbers of 32 bits, seconds with a fraction, no ids, and names that say nothing.
write(
    "unnamed",
    pa.table(
        {
            "a": [one / 1000 for one in milliseconds],
            "b": pa.array([60000 + one / 10 for one in range(1, ROWS + 1)], pa.float32()),
            "c": doubles["qty"],
            "d": ["s" if one else "b" for one in sold],
        }
    ),
    compression="snappy",
)

with open(f"{FOLDER}/trades.csv", "w") as file:
    file.write("id,price,qty,time,is_buyer_maker\n")
    for number, price, quantity, time, is_sold in rows:
        file.write(f"{number},{price},{quantity},{time},{str(is_sold).lower()}\n")

/** Rows as venues publish them, and what each says: symbol, id, time in µs, price, quantity, whether the taker sold. */

/** A trade as a file says it; an id of null where the file has no consecutive ones. */
export type Said = readonly [id: number | null, time: number, price: string, quantity: string, sold: boolean];

/** A small file in a venue's published layout. */
export interface VenueSample {
  readonly layout: string;
  readonly symbol: string;
  readonly text: string;
  readonly trades: readonly Said[];
}

export const VENUE_SAMPLES: readonly VenueSample[] = [
  {
    layout: "Tardis trades",
    symbol: "BTCUSDT",
    text: `exchange,symbol,timestamp,local_timestamp,id,side,price,amount
binance,BTCUSDT,1640995200000000,1640995200100000,1213374821,buy,46216.93,0.00432
binance,BTCUSDT,1640995200012000,1640995200110000,1213374822,sell,46216.92,1e-05
binance,BTCUSDT,1640995200012001,1640995200110000,1213374823,unknown,46216.93,2
`,
    trades: [
      [1_213_374_821, 1_640_995_200_000_000, "46216.93", "0.00432", false],
      [1_213_374_822, 1_640_995_200_012_000, "46216.92", "0.00001", true],
      [1_213_374_823, 1_640_995_200_012_001, "46216.93", "2", false],
    ],
  },
  {
    layout: "Tardis trades",
    symbol: "BTC_PERPETUAL",
    text: `exchange,symbol,timestamp,local_timestamp,id,side,price,amount
deribit,BTC-PERPETUAL,1585699202957000,1585699203089980,78838219,buy,6425.5,12
deribit,ETH-PERPETUAL,1585699202957000,1585699203089980,78838220,buy,132.5,12
deribit,BTC-PERPETUAL,1585699203957000,1585699204089980,78838231,sell,6425,150
`,
    trades: [
      [null, 1_585_699_202_957_000, "6425.5", "12", false],
      [null, 1_585_699_203_957_000, "6425", "150", true],
    ],
  },
  {
    layout: "Tardis trades",
    symbol: "XBTUSD",
    text: `exchange,symbol,timestamp,local_timestamp,id,side,price,amount
bitmex,XBTUSD,1585699202957000,1585699203957000,498350a3-8c03-affd-cf87-e6d8a90b70e5,buy,6425.5,12
bitmex,XBTUSD,1585699203957000,1585699204957000,,sell,6425,150
`,
    trades: [
      [null, 1_585_699_202_957_000, "6425.5", "12", false],
      [null, 1_585_699_203_957_000, "6425", "150", true],
    ],
  },
  {
    layout: "Bybit derivatives trades",
    symbol: "BTCUSDT",
    text: `timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional
1704326400.1000,BTCUSDT,Buy,0.010,42900.10,PlusTick,fd5fc27c-91e8-5ad4-8cb8-9b1cc4bc3bf5,4.29001e+11,0.010,429.001
1704326400.9000,BTCUSDT,Sell,0.020,42900.30,MinusTick,26bb8b97-1991-503f-b2c2-f4e8d0b94721,8.58006e+11,0.020,858.006
`,
    trades: [
      [null, 1_704_326_400_100_000, "42900.1", "0.01", false],
      [null, 1_704_326_400_900_000, "42900.3", "0.02", true],
    ],
  },
  {
    layout: "Bybit derivatives trades",
    symbol: "BTCUSD",
    text:
      `timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional,RPI
1788220801.0925,BTCUSD,Sell,79,78513.00,PlusTick,e94f18f9-4bc4-5530-87ee-d067f8267a62,100620.27944416848,79,0.0010062027944416848,0
`,
    trades: [[null, 1_788_220_801_092_500, "78513", "79", true]],
  },
  {
    // BitMEX publishes the same columns.
    layout: "Bybit derivatives trades",
    symbol: "XBTUSD",
    text: `timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional
2018-12-05D00:00:25.948313000,ADAZ18,Sell,166774,9.54e-06,MinusTick,498350a3-8c03-affd-cf87-e6d8a90b70e5,159102396,166774,1.591024
2018-12-05D00:00:25.948313000,XBTUSD,Sell,11,3950.5,ZeroMinusTick,1d004a95-44fa-c75c-47cd-d651ecd41c25,10494,11,0.00010494
`,
    trades: [[null, 1_543_968_025_948_313, "3950.5", "11", true]],
  },
  {
    layout: "Bybit spot trades",
    symbol: "BTCUSDT",
    text: `id,timestamp,price,volume,side,rpi
1,1747612800074,106453.8,0.003718,sell,0
2,1747612800150,106456.9,0.000500,buy,0
`,
    trades: [
      [null, 1_747_612_800_074_000, "106453.8", "0.003718", true],
      [null, 1_747_612_800_150_000, "106456.9", "0.0005", false],
    ],
  },
  {
    // A monthly file: its rows have one field more than its header.
    layout: "Bybit spot trades",
    symbol: "AAVEUSDT",
    text: `id,timestamp,price,volume,side
1,1752224400000,46.00,1.0,buy,0
2,1752224460000,47.00,2.0,sell,0
`,
    trades: [
      [null, 1_752_224_400_000_000, "46", "1", false],
      [null, 1_752_224_460_000_000, "47", "2", true],
    ],
  },
  {
    layout: "OKX trades",
    symbol: "BTCUSDTSWAP",
    text: `instrument_name,trade_id,side,price,size,created_time
BTC-USDT-SWAP,720073478,buy,42897.9,8.0,1705248000179
BTC-USDT-SWAP,720073479,sell,42897.8,0.5,1705248000180
`,
    trades: [
      [720_073_478, 1_705_248_000_179_000, "42897.9", "8", false],
      [720_073_479, 1_705_248_000_180_000, "42897.8", "0.5", true],
    ],
  },
  {
    layout: "OKX trades",
    symbol: "BTCUSDT",
    text: `instrument_name,trade_id,side,price,size,created_time,source\r
BTC-USDT,556123001,sell,104503.0,0.0003014,1748707200008,0\r
`,
    trades: [[556_123_001, 1_748_707_200_008_000, "104503", "0.0003014", true]],
  },
  {
    layout: "OKX trades",
    symbol: "BTCUSDT",
    text: `trade_id/撮合id,side/交易方向,size/数量,price/价格,created_time/成交时间
207841932,buy,0.001,47722.66,1640966400061
`,
    trades: [[207_841_932, 1_640_966_400_061_000, "47722.66", "0.001", false]],
  },
  {
    layout: "OKX trades",
    symbol: "BTCUSDT",
    text: `instId,side,sz,px,tradeId,ts
BTC-USDT,sell,0.00001,29963.2,242720720,1654161646974
`,
    trades: [[242_720_720, 1_654_161_646_974_000, "29963.2", "0.00001", true]],
  },
  {
    // The maker bought, so the taker sold.
    layout: "Coinbase trades",
    symbol: "BTCUSD",
    text: `trade_id,side,size,price,time
12309900,buy,0.08313000,964.09000000,2016-12-31T09:34:01.560Z
12309901,sell,0.01225000,964.09000000,2016-12-31T09:34:31.840Z
`,
    trades: [
      [12_309_900, 1_483_176_841_560_000, "964.09", "0.08313", true],
      [12_309_901, 1_483_176_871_840_000, "964.09", "0.01225", false],
    ],
  },
  {
    layout: "Coinbase trades",
    symbol: "BTCUSD",
    text: `trade_id,product_id,price,size,time,side,bid,ask,exchange
1068572089,BTC-USD,65083.67,0.00064389,2026-08-09T21:05:41.139922Z,SELL,,,
1068572090,BTC-USD,65083.66,0.00007299,2026-08-09T21:05:42.514318Z,BUY,,,
`,
    trades: [
      [1_068_572_089, 1_786_309_541_139_922, "65083.67", "0.00064389", false],
      [1_068_572_090, 1_786_309_542_514_318, "65083.66", "0.00007299", true],
    ],
  },
  {
    layout: "Kraken time and sales",
    symbol: "XBTUSD",
    text: `1381095255,122.0,0.1
1381179030,123.61,0.1
`,
    trades: [
      [null, 1_381_095_255_000_000, "122", "0.1", false],
      [null, 1_381_179_030_000_000, "123.61", "0.1", false],
    ],
  },
  {
    layout: "Kraken time and sales",
    symbol: "XBTUSD",
    text: `timestamp,price,volume
1559347203.7998,8552.90000,0.03190270
`,
    trades: [[null, 1_559_347_203_799_800, "8552.9", "0.0319027", false]],
  },
  {
    layout: "Kraken trades",
    symbol: "XBTUSD",
    text: `price,volume,time,buy/sell,market/limit,miscellaneous,trade_id
105433.60000,0.00027625,1762795433.9717445,b,l,,10218208
105410.10000,0.00005000,1762795457.8467374,s,m,,10218209
`,
    trades: [
      [10_218_208, 1_762_795_433_971_744, "105433.6", "0.00027625", false],
      [10_218_209, 1_762_795_457_846_737, "105410.1", "0.00005", true],
    ],
  },
  {
    layout: "Bitstamp transactions",
    symbol: "BTCUSD",
    text: `date,tid,price,type,amount
1567296007,96551989,8755.71,1,0.00927907
1567296009,96551996,8750.82,0,1.970993E-2
`,
    trades: [
      [null, 1_567_296_007_000_000, "8755.71", "0.00927907", true],
      [null, 1_567_296_009_000_000, "8750.82", "0.01970993", false],
    ],
  },
  {
    layout: "Kaiko trades",
    symbol: "BTCUSD_PERP",
    text: `id,exchange,symbol,date,price,amount,sell
1661990400274591751,bnce,btcusd_perp,1676246400344,21779.5,402,true
1661990400274591752,bnce,btcusd_perp,1676246400345,21779.6,1,false
`,
    trades: [
      [null, 1_676_246_400_344_000, "21779.5", "402", true],
      [null, 1_676_246_400_345_000, "21779.6", "1", false],
    ],
  },
  {
    layout: "ccxt trades",
    symbol: "BTCUSDT",
    text: `,info,timestamp,datetime,symbol,id,order,type,side,takerOrMaker,price,amount,cost,fee,fees
0,"{'a': '26129', 'p': ""0.01633102""}",1735689600123,2025-01-01T00:00:00.123Z,BTC/USDT,4301001,,,sell,,93576.1,0.00011,10.29,,[]
1,"{'a': '26130', 'p': '0'}",1735689600124,2025-01-01T00:00:00.124Z,BTC/USDT,4301002,,,buy,,93576.2,0.5,46788.1,,[]
`,
    trades: [
      [4_301_001, 1_735_689_600_123_000, "93576.1", "0.00011", true],
      [4_301_002, 1_735_689_600_124_000, "93576.2", "0.5", false],
    ],
  },
  {
    layout: "trades as JSON",
    symbol: "BTCUSDT",
    text: `[
  {
    "info": {"a": "26129", "p": "93576.10000000", "price": "1"},
    "id": "4301001",
    "order": null,
    "timestamp": 1735689600123,
    "datetime": "2025-01-01T00:00:00.123Z",
    "symbol": "BTC/USDT",
    "type": null,
    "side": "sell",
    "takerOrMaker": null,
    "price": 93576.10,
    "amount": 1.1e-4,
    "cost": 10.293371,
    "fee": {"cost": null, "currency": null},
    "fees": []
  },
  {"id": "4301002", "timestamp": null, "datetime": "2025-01-01T00:00:00.124Z", "symbol": "BTC/USDT:USDT", "side": null, "price": 93576.2, "amount": 0.5}
]
`,
    trades: [
      [4_301_001, 1_735_689_600_123_000, "93576.1", "0.00011", true],
      [4_301_002, 1_735_689_600_124_000, "93576.2", "0.5", false],
    ],
  },
  {
    layout: "trades as JSON, one per line",
    symbol: "BTCUSDT",
    text:
      `{"id":"2290000000007764263","timestamp":1735689600123,"datetime":"2025-01-01T00:00:00.123Z","symbol":"BTC/USDT","side":"sell","price":93576.10,"amount":0.00011}
{"id":"2290000000007764264","timestamp":1735689600123,"datetime":"2025-01-01T00:00:00.123Z","symbol":"ETH/USDT","side":"sell","price":3576.10,"amount":0.00011}
{"id":"2290000000007764265","timestamp":1735689600124,"datetime":"2025-01-01T00:00:00.124Z","symbol":"BTC/USDT","side":"buy","price":93576.2,"amount":3}
`,
    trades: [
      [null, 1_735_689_600_123_000, "93576.1", "0.00011", true],
      [null, 1_735_689_600_124_000, "93576.2", "3", false],
    ],
  },
  {
    layout: "trades as JSON",
    symbol: "XBTUSD",
    text:
      `{"error":[],"result":{"XXBTZUSD":[["8552.90000","0.03190270",1559347203.7998,"s","m",""],["8552.90000","0.03155529",1559347203.8086,"b","l",""]],"last":"1559347203808600000"}}`,
    trades: [
      [null, 1_559_347_203_799_800, "8552.9", "0.0319027", true],
      [null, 1_559_347_203_808_600, "8552.9", "0.03155529", false],
    ],
  },
  {
    layout: "trades as JSON, one per line",
    symbol: "BTCUSD",
    text:
      `{"type":"last_match","trade_id":881613,"maker_order_id":"27fff20b-af29-4f45-8744-56dd1ef57dc0","taker_order_id":"1da6ce16-c8da-4732-9f71-6049f4c6aaf8","side":"sell","size":"0.04","price":"14.7775","product_id":"BTC-USD","sequence":333938798,"time":"2021-04-17T16:43:30.244075Z"}
{"type":"heartbeat","last_trade_id":881613,"product_id":"BTC-USD","sequence":333938799,"time":"2021-04-17T16:43:31.000000Z"}
{"type":"match","trade_id":881614,"maker_order_id":"27fff20b-af29-4f45-8744-56dd1ef57dc0","taker_order_id":"1da6ce16-c8da-4732-9f71-6049f4c6aaf8","side":"buy","size":"1008.2","price":"14.7775","product_id":"BTC-USD","sequence":333938801,"time":"2021-04-17T16:43:32.1Z"}
`,
    trades: [
      [881_613, 1_618_677_810_244_075, "14.7775", "0.04", false],
      [881_614, 1_618_677_812_100_000, "14.7775", "1008.2", true],
    ],
  },
  {
    layout: "trades as JSON",
    symbol: "BTCUSD",
    text:
      `[{"date":"1567296007","tid":"96551989","amount":"0.00927907","type":"1","price":"8755.71"},{"date":"1567296009","tid":"96551996","amount":"0.01970993","type":"0","price":"8750.82"}]`,
    trades: [
      [null, 1_567_296_007_000_000, "8755.71", "0.00927907", true],
      [null, 1_567_296_009_000_000, "8750.82", "0.01970993", false],
    ],
  },
  {
    layout: "trades as JSON, one per line",
    symbol: "BTCUSDT",
    text:
      `{"code":"0","msg":"","data":[{"instId":"BTC-USDT","side":"sell","sz":"0.00001","source":"0","px":"29963.2","tradeId":"242720720","ts":"1654161646974"},{"instId":"BTC-USDT","side":"buy","sz":"0.00002","source":"0","px":"29964.1","tradeId":"242720721","ts":"1654161646975"}]}`,
    trades: [
      [242_720_720, 1_654_161_646_974_000, "29963.2", "0.00001", true],
      [242_720_721, 1_654_161_646_975_000, "29964.1", "0.00002", false],
    ],
  },
  {
    layout: "trades as JSON, one per line",
    symbol: "BTCUSDT",
    text:
      `{"retCode":0,"retMsg":"OK","result":{"category":"spot","list":[{"execId":"2100000000007764263","symbol":"BTCUSDT","price":"16618.49","size":"0.00012","side":"Buy","time":"1672052955758","isBlockTrade":false}]}}`,
    trades: [[null, 1_672_052_955_758_000, "16618.49", "0.00012", false]],
  },
  {
    layout: "trades as JSON",
    symbol: "BTCUSDT",
    text:
      `[{"id":28457,"price":"4.00000100","qty":"12.00000000","quoteQty":"48.000012","time":1499865549590,"isBuyerMaker":true,"isBestMatch":true}]`,
    trades: [[28_457, 1_499_865_549_590_000, "4.000001", "12", true]],
  },
];

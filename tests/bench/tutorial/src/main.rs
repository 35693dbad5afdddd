//! A trading bot as tutorials write it: trade messages are parsed with serde_json, two moving averages of 20 and 50 prices
//! cross, and a fill is booked in doubles. It runs as one loop, and as three tasks with channels between them, which hold
//! back a fast sender. It checks no ids, no limits and no rounding.
//!
//! `tutorial FILE ROUNDS` reads messages, one a line, and prints a line for each round of both: `loop` or `tasks`, how many
//! seconds it took, and how many fills there were.
use serde::Deserialize;
use std::collections::VecDeque;
use std::time::Instant;
use tokio::sync::mpsc;

const SHORT: usize = 20;
const LONG: usize = 50;
/// How many trades and signals may wait in a channel.
const WAITING: usize = 1024;
const CASH: f64 = 10_000.0;
const STAKE: f64 = 1_000.0;
const FEE: f64 = 0.001;

#[derive(Deserialize)]
struct Message {
    #[serde(rename = "p")]
    price: String,
    #[serde(rename = "q")]
    quantity: String,
    #[serde(rename = "T")]
    time: u64,
}

struct Trade {
    price: f64,
    _quantity: f64,
    _time: u64,
}

enum Signal {
    Buy(f64),
    Sell(f64),
}

fn parse(text: &str) -> Option<Trade> {
    let message: Message = serde_json::from_str(text).ok()?;
    Some(Trade {
        price: message.price.parse().ok()?,
        _quantity: message.quantity.parse().ok()?,
        _time: message.time,
    })
}

/// The mean of the last prices.
struct Average {
    prices: VecDeque<f64>,
    sum: f64,
    window: usize,
}

impl Average {
    fn new(window: usize) -> Self {
        Self { prices: VecDeque::with_capacity(window + 1), sum: 0.0, window }
    }

    fn add(&mut self, price: f64) -> Option<f64> {
        self.prices.push_back(price);
        self.sum += price;
        if self.prices.len() > self.window {
            self.sum -= self.prices.pop_front()?;
        }
        (self.prices.len() == self.window).then(|| self.sum / self.window as f64)
    }
}

/// Says when the short average crosses the long one.
struct Crossover {
    short: Average,
    long: Average,
    is_long: bool,
}

impl Crossover {
    fn new() -> Self {
        Self { short: Average::new(SHORT), long: Average::new(LONG), is_long: false }
    }

    fn add(&mut self, trade: &Trade) -> Option<Signal> {
        let short = self.short.add(trade.price);
        let long = self.long.add(trade.price)?;
        let short = short?;
        if short > long && !self.is_long {
            self.is_long = true;
            return Some(Signal::Buy(trade.price));
        }
        if short < long && self.is_long {
            self.is_long = false;
            return Some(Signal::Sell(trade.price));
        }
        None
    }
}

/// The account of a paper trader.
struct Paper {
    cash: f64,
    position: f64,
    fills: u64,
}

impl Paper {
    fn new() -> Self {
        Self { cash: CASH, position: 0.0, fills: 0 }
    }

    fn fill(&mut self, signal: Signal) {
        match signal {
            Signal::Buy(price) => {
                let stake = STAKE.min(self.cash / (1.0 + FEE));
                self.position += stake / price;
                self.cash -= stake * (1.0 + FEE);
            }
            Signal::Sell(price) => {
                self.cash += self.position * price * (1.0 - FEE);
                self.position = 0.0;
            }
        }
        self.fills += 1;
    }
}

fn as_loop(messages: &'static [String]) -> Paper {
    let mut crossover = Crossover::new();
    let mut paper = Paper::new();
    for text in messages {
        if let Some(signal) = parse(text).and_then(|trade| crossover.add(&trade)) {
            paper.fill(signal);
        }
    }
    paper
}

async fn as_tasks(messages: &'static [String]) -> Paper {
    let (trades, mut received) = mpsc::channel::<Trade>(WAITING);
    let (signals, mut asked) = mpsc::channel::<Signal>(WAITING);
    tokio::spawn(async move {
        for text in messages {
            if let Some(trade) = parse(text) {
                if trades.send(trade).await.is_err() {
                    return;
                }
            }
        }
    });
    tokio::spawn(async move {
        let mut crossover = Crossover::new();
        while let Some(trade) = received.recv().await {
            if let Some(signal) = crossover.add(&trade) {
                if signals.send(signal).await.is_err() {
                    return;
                }
            }
        }
    });
    let booking = tokio::spawn(async move {
        let mut paper = Paper::new();
        while let Some(signal) = asked.recv().await {
            paper.fill(signal);
        }
        paper
    });
    booking.await.expect("the task that books has ended early")
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().expect("tutorial FILE ROUNDS: the file is missing");
    let rounds: u32 = arguments
        .next()
        .and_then(|text| text.parse().ok())
        .expect("tutorial FILE ROUNDS: the number of rounds is missing");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("cannot read {path}: {error}"));
    let messages: &'static [String] = Box::leak(text.lines().map(String::from).collect());
    let runtime = tokio::runtime::Builder::new_multi_thread().build().expect("tokio cannot start");
    for _ in 0..rounds {
        let started = Instant::now();
        let paper = as_loop(messages);
        println!("loop {} {} {:.8}", started.elapsed().as_secs_f64(), paper.fills, paper.cash);
        let started = Instant::now();
        let paper = runtime.block_on(as_tasks(messages));
        println!("tasks {} {} {:.8}", started.elapsed().as_secs_f64(), paper.fills, paper.cash);
    }
}

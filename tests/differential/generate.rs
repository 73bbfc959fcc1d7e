//! Values from a seed: what fails can be made again.

use clixml::{Content, DateTime, Object, Property, PsString, SecureString, Value, Zone, type_names};

pub(crate) struct Generator(pub(crate) u64);

impl Generator {
    fn next(&mut self) -> u64 {
        // SplitMix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// Any UTF-16: lone surrogates, controls, non-characters, and what looks like an escape.
    fn text(&mut self) -> PsString {
        let units = (0..self.below(9)).map(|_| match self.below(8) {
            0 => u16::try_from(0xd800 + self.below(0x800)).unwrap(),
            1 => u16::try_from(self.below(0x20)).unwrap(),
            2 => u16::try_from(0xfff0 + self.below(0x10)).unwrap(),
            3 => [u16::from(b'_'), u16::from(b'x'), u16::from(b'<'), u16::from(b'&')]
                [usize::try_from(self.below(4)).unwrap()],
            4 => u16::try_from(self.below(0x1_0000)).unwrap(),
            _ => u16::try_from(0x20 + self.below(0x5f)).unwrap(),
        });
        PsString::from_units(units.collect::<Vec<_>>())
    }

    fn moment(&mut self) -> Value {
        let last = DateTime::parse("9999-12-31T23:59:59.9999999").unwrap().ticks();
        let mut ticks = i64::try_from(self.below(u64::try_from(last).unwrap())).unwrap();
        if self.below(2) == 0 {
            ticks -= ticks % 10_000_000;
        }
        let zone = match self.below(3) {
            0 => Zone::Unspecified,
            1 => Zone::Utc,
            // Zones are whole quarters of an hour, up to 14 hours.
            _ => Zone::Offset((i16::try_from(self.below(113)).unwrap() - 56) * 15),
        };
        DateTime::from_ticks(ticks, zone).map_or(Value::Null, Value::DateTime)
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "any bits will do")]
    fn primitive(&mut self) -> Value {
        let bits = self.next();
        match self.below(24) {
            0 => Value::Null,
            1 => Value::Bool(bits & 1 == 1),
            2 => Value::Char(bits as u16),
            3 => Value::U8(bits as u8),
            4 => Value::I8(bits as i8),
            5 => Value::U16(bits as u16),
            6 => Value::I16(bits as i16),
            7 => Value::U32(bits as u32),
            8 => Value::I32(bits as i32),
            9 => Value::U64(bits),
            10 => Value::I64(bits as i64),
            11 => Value::Double(match self.below(8) {
                0 => f64::NAN,
                1 => f64::INFINITY,
                2 => f64::NEG_INFINITY,
                3 => -0.0,
                _ => f64::from_bits(bits),
            }),
            12 => Value::Single(match self.below(8) {
                0 => f32::NAN,
                1 => f32::NEG_INFINITY,
                _ => f32::from_bits(bits as u32),
            }),
            13 => {
                let digits = u128::from(bits) << self.below(33);
                clixml::Decimal::from_parts(bits & 1 == 1, digits, self.below(29) as u8)
                    .map_or(Value::Null, Value::Decimal)
            }
            14 => Value::TimeSpan(clixml::TimeSpan::from_ticks(bits as i64 >> self.below(40))),
            15 => Value::Guid(clixml::Uuid::from_u64_pair(bits, self.next())),
            16 => Value::Bytes(bits.to_le_bytes().into_iter().take(self.below(9) as usize).collect()),
            17 | 18 => self.moment(),
            19 => Value::ScriptBlock(self.text()),
            20 => Value::Xml(self.text()),
            21 => Value::SecureString(SecureString(bits.to_le_bytes().repeat(2))),
            22 => Value::Version(clixml::Version {
                major: bits as u32 >> 8,
                minor: (bits >> 40) as u32,
                build: (bits & 1 == 1).then_some(7),
                revision: (bits & 3 == 3).then_some(8),
            }),
            _ => Value::String(self.text()),
        }
    }

    pub(crate) fn value(&mut self, depth: u32, made: &mut Vec<Value>) -> Value {
        if depth == 0 || self.below(3) == 0 {
            return self.primitive();
        }
        if !made.is_empty() && self.below(8) == 0 {
            // An object that was there before: it travels as a reference.
            let at = usize::try_from(self.below(made.len() as u64)).unwrap();
            return made[at].clone();
        }
        let count = self.below(4);
        let mut items = |own: &mut Self| (0..count).map(|_| own.value(depth - 1, made)).collect::<Vec<_>>();
        let content = match self.below(7) {
            0 => Content::List(items(self)),
            1 => Content::Stack(items(self)),
            2 => Content::Queue(items(self)),
            3 => {
                let values = items(self);
                Content::Dictionary(
                    values.into_iter().enumerate().map(|(at, value)| (format!("k{at}").into(), value)).collect(),
                )
            }
            4 => Content::Enumerable(items(self)),
            // Python's Boolean cannot hold properties, and nothing is no value.
            5 => match self.primitive() {
                Value::Bool(_) | Value::Null => Content::None,
                value => Content::Primitive(value),
            },
            _ => Content::None,
        };
        let mut properties = |own: &mut Self, letter: char| -> Vec<Property> {
            let names = (0..own.below(3)).map(|at| format!("{letter}{at}_x0041_"));
            names.collect::<Vec<_>>().into_iter().map(|name| Property::new(name, own.value(depth - 1, made))).collect()
        };
        let (adapted, extended) = (properties(self, 'a'), properties(self, 'e'));
        let typed = self.below(2) == 0;
        let object = Object {
            type_names: typed.then(|| type_names(["Generated.Thing", "System.Object"])),
            to_string: (self.below(4) == 0).then(|| format!("text {}", self.below(1000)).into()),
            content,
            adapted,
            extended,
        };
        let value = Value::from(object);
        made.push(value.clone());
        value
    }
}

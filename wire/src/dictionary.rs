//! Names while a batch is made: each stands once, and is found by its hash.

use std::borrow::Cow;

use crate::index::{Hash, Index};
use crate::strings::check_string;

/// The names of a batch in the making.
#[derive(Debug, Default)]
pub(crate) struct Dictionary {
    seed: u64,
    strings: Vec<Cow<'static, str>>,
    index: Index,
    bytes: usize,
}

impl Dictionary {
    pub(crate) fn with_seed(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    /// Where the hash of anything that holds names begins.
    pub(crate) fn hash(&self) -> Hash {
        Hash::new(self.seed)
    }

    /// The most bytes that its names take.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The position of a name, which is added if it is new. One that may not stand in a batch has none.
    pub(crate) fn intern(&mut self, text: Option<&str>) -> Option<u32> {
        let text = text?;
        let Self { seed, strings, index, bytes } = self;
        let hash = Hash::new(*seed).name(Some(text));
        if let Some(at) = index.find(hash, |at| name(strings, Some(at)) == Some(text)) {
            return Some(at);
        }
        let text = allowed(Some(text))?;
        // A batch is far smaller than 2³² names; beyond, there are no more.
        let at = u32::try_from(strings.len()).ok().filter(|at| *at != u32::MAX)?;
        strings.push(Cow::Owned(text.to_owned()));
        *bytes = bytes.saturating_add(text.len().saturating_add(2));
        index.add(hash, at, |at| Hash::new(*seed).name(name(strings, Some(at))));
        Some(at)
    }

    /// The name at a position.
    pub(crate) fn name(&self, at: Option<u32>) -> Option<&str> {
        name(&self.strings, at)
    }

    /// All names in their order.
    pub(crate) fn strings(&self) -> &[Cow<'static, str>] {
        &self.strings
    }

    pub(crate) fn into_strings(self) -> Vec<Cow<'static, str>> {
        self.strings
    }
}

fn name<'a>(strings: &'a [Cow<'static, str>], at: Option<u32>) -> Option<&'a str> {
    strings.get(usize::try_from(at?).ok()?).map(AsRef::as_ref)
}

/// The name, if it may stand in a batch.
pub(crate) fn allowed(text: Option<&str>) -> Option<&str> {
    text.filter(|text| check_string(text).is_ok())
}

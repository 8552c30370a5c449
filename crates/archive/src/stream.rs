//! The content of an age file: chunks of 64 KiB, each authenticated with its number and whether it is the last one (C2SP
//! age §Payload).

use std::io::{self, BufRead, Read, Write};

use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce};

use crate::error::Error;

/// Encrypts what is written to it. Without [`Encryptor::finish`] the file is one that ends early.
pub(crate) struct Encryptor<W> {
    key: LessSafeKey,
    number: u64,
    buffer: Vec<u8>,
    /// After a failure nobody knows what of a chunk was written, and its number is used up.
    is_broken: bool,
    output: W,
}

impl<W: Write> Encryptor<W> {
    pub(crate) fn new(key: LessSafeKey, output: W) -> Self {
        Self {
            key,
            number: 0,
            buffer: Vec::with_capacity(CHUNK_BYTES + TAG_BYTES),
            is_broken: false,
            output,
        }
    }

    /// Writes the last chunk, and gives the output back.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.write_chunk(Place::Last)?;
        Ok(self.output)
    }

    fn write_chunk(&mut self, place: Place) -> io::Result<()> {
        if std::mem::replace(&mut self.is_broken, true) {
            return Err(io::Error::other("an earlier write failed"));
        }
        let nonce = nonce(self.number, place);
        self.key
            .seal_in_place_append_tag(nonce, Aad::empty(), &mut self.buffer)
            .map_err(|_| Error::Cipher)?;
        self.output.write_all(&self.buffer)?;
        self.buffer.clear();
        self.number += 1;
        self.is_broken = false;
        Ok(())
    }
}

impl<W: Write> Write for Encryptor<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Only when more follows is it known that a full chunk is not the last one.
        if self.buffer.len() >= CHUNK_BYTES && !bytes.is_empty() {
            self.write_chunk(Place::Within)?;
        }
        let taken = bytes.len().min(CHUNK_BYTES - self.buffer.len());
        let (now, _) = bytes.split_at(taken);
        self.buffer.extend_from_slice(now);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        // A chunk is written when it is full, not before.
        Ok(())
    }
}

/// Decrypts what is read from it; what it gives was authenticated.
pub(crate) struct Decryptor<R> {
    key: LessSafeKey,
    number: u64,
    /// Where the next chunk begins in the file.
    offset: u64,
    chunk: Vec<u8>,
    /// How much of the chunk was given.
    given: usize,
    is_last: bool,
    input: R,
}

impl<R: BufRead> Decryptor<R> {
    pub(crate) fn new(key: LessSafeKey, offset: u64, input: R) -> Self {
        Self {
            key,
            number: 0,
            offset,
            chunk: Vec::new(),
            given: 0,
            is_last: false,
            input,
        }
    }

    fn next_chunk(&mut self) -> io::Result<()> {
        self.chunk.clear();
        self.given = 0;
        let sealed_bytes = (CHUNK_BYTES + TAG_BYTES) as u64;
        let read = Read::take(&mut self.input, sealed_bytes).read_to_end(&mut self.chunk)?;
        self.is_last = self.input.fill_buf()?.is_empty();
        let (from, to) = (self.offset, self.offset + read as u64);
        self.offset = to;
        self.open_chunk(from, to)?;
        let is_empty_behind_others = self.chunk.is_empty() && self.number > 0;
        self.number += 1;
        match is_empty_behind_others {
            true => Err(Error::Damaged { from, to }.into()),
            false => Ok(()),
        }
    }

    fn open_chunk(&mut self, from: u64, to: u64) -> Result<(), Error> {
        let place = match self.is_last {
            true => Place::Last,
            false => Place::Within,
        };
        // The attempt overwrites the chunk, and the end of the file may be one that was cut.
        let kept = self.is_last.then(|| self.chunk.clone());
        let nonce = nonce(self.number, place);
        if let Ok(plain) = self.key.open_in_place(nonce, Aad::empty(), &mut self.chunk) {
            let length = plain.len();
            self.chunk.truncate(length);
            return Ok(());
        }
        self.chunk.clear();
        let is_cut = kept.is_some_and(|mut kept| self.is_within(&mut kept));
        Err(match is_cut {
            true => Error::CutOff { at: to },
            false => Error::Damaged { from, to },
        })
    }

    /// Whether more chunks were written behind this one.
    fn is_within(&self, chunk: &mut [u8]) -> bool {
        let nonce = nonce(self.number, Place::Within);
        // Nothing at all is what a cut between two chunks leaves.
        chunk.is_empty() || self.key.open_in_place(nonce, Aad::empty(), chunk).is_ok()
    }
}

impl<R: BufRead> Read for Decryptor<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.chunk.len() && !self.is_last {
            self.next_chunk()?;
        }
        let rest = self.chunk.get(self.given..).unwrap_or_default();
        let taken = rest.len().min(buffer.len());
        let (now, _) = rest.split_at(taken);
        if let Some(place) = buffer.get_mut(..taken) {
            place.copy_from_slice(now);
        }
        self.given += taken;
        Ok(taken)
    }
}

#[derive(Clone, Copy)]
enum Place {
    Within,
    Last,
}

/// Eleven bytes of the chunk's number and one that says whether it is the last. No key sees a number twice.
fn nonce(number: u64, place: Place) -> Nonce {
    let mut bytes = [0; 12];
    let (counter, last) = bytes.split_at_mut(11);
    if let Some(low) = counter.last_chunk_mut::<8>() {
        *low = number.to_be_bytes();
    }
    last.fill(u8::from(matches!(place, Place::Last)));
    Nonce::assume_unique_for_key(bytes)
}

const CHUNK_BYTES: usize = 64 * 1024;
const TAG_BYTES: usize = 16;

#[cfg(test)]
mod tests;

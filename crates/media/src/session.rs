//! One picture's way through its decoder: limits before, hashes after every frame.

use crate::guess::{guessed, hash_pixels, labelled};
use crate::plane::{Plane, Samples};
use crate::{
    Corners, FEATURE_FRAMES, FrameFeatures, Host, Limits, PictureReport, Plan, Reason, Rectangle,
    Trouble, Variant,
};
use hashward_features::{Budget, Luma, extract};
use hashward_hash::Orientation;
use hashward_phash::variants::Reduced;
use hashward_phash::{Pixels, Streamed};

/// Shortest side that has a perceptual hash: PDQ's window needs five pixels.
const SHORTEST_SIDE: u32 = 5;

/// Memory for a decoder's tables and rows, on top of what grows with the picture.
const DECODER_BYTES: u64 = 1 << 20;

/// What a format's decoder works with.
pub(crate) struct Session<'a> {
    pub(crate) limits: &'a Limits,
    host: &'a mut dyn Host,
    pub(crate) plan: Plan,
    report: PictureReport,
    pixels_left: u64,
}

impl<'a> Session<'a> {
    pub(crate) fn new(limits: &'a Limits, plan: &Plan, host: &'a mut dyn Host) -> Self {
        let report = PictureReport {
            status: Ok(()),
            width: None,
            height: None,
            frames_examined: 0,
            frames_total: None,
            hashes: Vec::new(),
            features: Vec::new(),
        };
        Self { limits, host, plan: *plan, report, pixels_left: limits.total_pixels }
    }

    pub(crate) fn phase(&mut self, text: &str) {
        self.host.phase(text);
    }

    /// Notes the size of the first frame as stored, before anything is refused.
    pub(crate) fn size(&mut self, width: u32, height: u32) {
        self.report.width.get_or_insert(width);
        self.report.height.get_or_insert(height);
    }

    /// Notes how many frames the file holds.
    pub(crate) fn total(&mut self, frames: u32) {
        self.report.frames_total = Some(frames);
    }

    /// Checks the size of a frame that is about to be decoded against the limits.
    pub(crate) fn admit(&mut self, width: u32, height: u32) -> Result<(), Trouble> {
        if width == 0 || height == 0 {
            return Err(Trouble::new(
                Reason::Corrupt,
                format!("a frame has {width}×{height} pixels"),
            ));
        }
        let pixels = u64::from(width) * u64::from(height);
        if pixels > self.limits.frame_pixels {
            return Err(Trouble::new(
                Reason::Limit,
                format!(
                    "a frame has {width}×{height} pixels; up to {} pixels are decoded",
                    self.limits.frame_pixels
                ),
            ));
        }
        Ok(())
    }

    /// Takes a frame's pixels from the work budget. Called for every frame that is decoded.
    pub(crate) fn spend(&mut self, width: u32, height: u32) -> Result<(), Trouble> {
        let pixels = u64::from(width) * u64::from(height);
        if self.report.frames_examined >= self.limits.frames {
            let frames = self.limits.frames;
            return Err(Trouble::new(Reason::Limit, format!("only {frames} frames are decoded")));
        }
        self.pixels_left = self.pixels_left.checked_sub(pixels).ok_or_else(|| {
            Trouble::new(
                Reason::Limit,
                format!(
                    "the frames together have more than the {} pixels that are decoded",
                    self.limits.total_pixels
                ),
            )
        })?;
        Ok(())
    }

    /// Asks for the memory that decoding will take: `pixels` times `bytes` each, and a
    /// decoder's fixed share.
    pub(crate) fn memory(&mut self, width: u32, height: u32, bytes: u64) -> Result<(), Trouble> {
        let pixels = u64::from(width) * u64::from(height);
        self.memory_bytes(pixels.saturating_mul(bytes))
    }

    pub(crate) fn memory_bytes(&mut self, bytes: u64) -> Result<(), Trouble> {
        let needed = bytes.saturating_add(DECODER_BYTES);
        if needed > self.limits.memory_bytes {
            return Err(Trouble::new(
                Reason::Limit,
                format!(
                    "decoding would need {needed} bytes of memory; up to {} are given",
                    self.limits.memory_bytes
                ),
            ));
        }
        self.host
            .need_memory(needed)
            .map_err(|refused| Trouble::new(Reason::Memory, refused.to_string()))
    }

    /// Hashes a decoded frame, counted from 0 in the order of the file.
    pub(crate) fn frame(&mut self, frame: u32, plane: &Plane) {
        self.size(plane.width, plane.height);
        self.report.frames_examined += 1;
        if plane.width < SHORTEST_SIDE || plane.height < SHORTEST_SIDE {
            return;
        }
        let (width, height) = (plane.width, plane.height);
        let pixels = match &plane.samples {
            Samples::Luma(data) => Pixels::luma8(data, width, height, width as usize),
            Samples::Rgb(data) => Pixels::rgb8(data, width, height, 3 * width as usize),
        };
        let pixels = pixels.expect("a plane holds all the pixels that it says");
        self.report.hashes.extend(hash_pixels(frame, &pixels, &self.plan));
        if self.wants_features() {
            self.extract(frame, (width, height), Reduced::of(&pixels).as_ref());
        }
    }

    /// True when local features of the next frame are wanted.
    pub(crate) fn wants_features(&self) -> bool {
        match self.plan.corners {
            Corners::None => false,
            Corners::Registered => self.report.features.is_empty(),
            Corners::Query => self.report.features.len() < FEATURE_FRAMES,
        }
    }

    /// Extracts the local features of a frame from its reduced copy.
    fn extract(&mut self, frame: u32, sides: (u32, u32), reduced: Option<&Reduced>) {
        let budget = match self.plan.corners {
            Corners::Registered => Budget::REGISTERED,
            _ => Budget::QUERY,
        };
        let Some((cells, width, height)) = reduced.map(Reduced::cells) else { return };
        let Some(luma) = Luma::new(cells, width, height) else { return };
        let features = extract(luma, sides, budget);
        // Of a frame that shows nothing, and one like the frame before, there is nothing to say.
        let last = self.report.features.last().map(|last| &last.features);
        if !features.features.is_empty() && last != Some(&features) {
            self.report.features.push(FrameFeatures { frame, features });
        }
    }

    /// Takes the hashes of a frame whose rows were hashed as they came: the canonical ones, or
    /// `proposals`. `None` for frames that are too small to have any. Guesses are made from the
    /// reduced copy, where there is one, and local features are extracted from it.
    pub(crate) fn streamed(
        &mut self,
        frame: u32,
        (width, height): (u32, u32),
        streamed: Option<&Streamed>,
        reduced: Option<&Reduced>,
        proposals: bool,
    ) {
        self.size(width, height);
        self.report.frames_examined += 1;
        let Some(streamed) = streamed else { return };
        let (full, square) = if proposals {
            (Variant::Fast, Variant::FastSquare512)
        } else {
            (Variant::Full, Variant::Square512)
        };
        let whole = Rectangle { x: 0, y: 0, width, height };
        let all = &Orientation::ALL;
        let hashes = &mut self.report.hashes;
        hashes.extend(labelled(frame, full, whole, all, &streamed.full));
        if let Some(result) = &streamed.square512 {
            hashes.extend(labelled(frame, square, whole, all, result));
        }
        if !proposals {
            hashes.extend(guessed(frame, whole, &streamed.full, reduced, self.plan.guesses));
            if self.wants_features() {
                self.extract(frame, (width, height), reduced);
            }
        }
    }

    pub(crate) fn finish(mut self, status: Result<(), Trouble>) -> PictureReport {
        self.report.status = status;
        // A decoder may come across more frames than the structure promised.
        if let Some(total) = &mut self.report.frames_total {
            *total = (*total).max(self.report.frames_examined);
        }
        self.report
    }
}

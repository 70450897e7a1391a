//! Where blocks stand: MCU grids of interleaved and single-component scans.

use crate::Scale;
use crate::bits::BitReader;
use crate::error::Fault;
use crate::header::Header;
use crate::markers::Scan;

/// Sizes of a frame in pixels, MCUs and luma blocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// MCUs of an interleaved scan, across and down.
    mcus: (u32, u32),
    /// Luma blocks, those that only fill up MCUs included.
    pub(crate) blocks: (u32, u32),
}

impl Geometry {
    pub(crate) fn new(header: &Header) -> Self {
        let (h, v) = sampling(header, 0);
        let mcus = (header.width.div_ceil(8 * h), header.height.div_ceil(8 * v));
        // The blocks of a lone component make no larger MCUs, whatever its factors.
        let (h, v) = if header.components.len() == 1 { (1, 1) } else { (h, v) };
        let mcus = if header.components.len() == 1 {
            (header.width.div_ceil(8), header.height.div_ceil(8))
        } else {
            mcus
        };
        Geometry {
            width: header.width,
            height: header.height,
            mcus,
            blocks: (mcus.0 * h, mcus.1 * v),
        }
    }

    /// Width and height at a scale.
    pub(crate) fn scaled(&self, scale: Scale) -> (u32, u32) {
        (self.width.div_ceil(scale.divisor()), self.height.div_ceil(scale.divisor()))
    }

    pub(crate) fn luma_blocks(&self) -> u64 {
        u64::from(self.blocks.0) * u64::from(self.blocks.1)
    }

    /// Bytes of the buffers that decoding takes.
    pub(crate) fn memory(&self, progressive: bool, scale: Scale) -> u64 {
        let side = u64::from(scale.side());
        let band = u64::from(self.blocks.0) * side * side * 4;
        let coefficients = match (progressive, scale) {
            (false, _) => 0,
            (true, Scale::Eighth) => self.luma_blocks() * 2,
            (true, _) => self.luma_blocks() * (64 * 2 + 8),
        };
        band + coefficients
    }
}

fn sampling(header: &Header, index: usize) -> (u32, u32) {
    let component = header.components[index];
    (u32::from(component.horizontal), u32::from(component.vertical))
}

/// One block of an MCU.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// Place of its component in the scan.
    pub(crate) slot: usize,
    /// Place of its component in the frame; 0 is luma.
    pub(crate) component: usize,
    /// Its place in the MCU.
    dx: u32,
    dy: u32,
    /// Blocks of its component in an MCU, across and down.
    h: u32,
    v: u32,
}

/// What decoding a block of a scan may carry over to the next, reset by restart markers.
#[derive(Default)]
pub(crate) struct Carry {
    /// DC prediction per component of the frame.
    pub(crate) prediction: [i32; 3],
    /// Blocks still covered by an end-of-band run.
    pub(crate) end_of_band: u32,
}

/// Takes the blocks of a scan in the order of the file.
pub(crate) struct Walk {
    steps: Vec<Step>,
    columns: u32,
    rows: u32,
    interval: u32,
    until_restart: u32,
    next_restart: u8,
    carry: Carry,
}

impl Walk {
    pub(crate) fn new(header: &Header, geometry: &Geometry, scan: &Scan<'_>) -> Self {
        let interval = u32::from(scan.restart_interval);
        let mut walk = Walk {
            steps: Vec::with_capacity(10),
            columns: geometry.mcus.0,
            rows: geometry.mcus.1,
            interval,
            until_restart: interval,
            next_restart: 0,
            carry: Carry::default(),
        };
        if let [only] = scan.components.as_slice() {
            let (h, v) = sampling(header, only.index);
            let (most_h, most_v) = sampling(header, 0);
            walk.columns = (header.width * h).div_ceil(most_h).div_ceil(8);
            walk.rows = (header.height * v).div_ceil(most_v).div_ceil(8);
            walk.steps.push(Step { slot: 0, component: only.index, dx: 0, dy: 0, h: 1, v: 1 });
            return walk;
        }
        for (slot, component) in scan.components.iter().enumerate() {
            let (h, v) = sampling(header, component.index);
            let places = (0..v).flat_map(|dy| (0..h).map(move |dx| (dx, dy)));
            let component = component.index;
            walk.steps.extend(places.map(|(dx, dy)| Step { slot, component, dx, dy, h, v }));
        }
        walk
    }

    /// Rows of MCUs.
    pub(crate) fn rows(&self) -> u32 {
        self.rows
    }

    /// Rows of luma blocks in a row of MCUs.
    pub(crate) fn luma_rows(&self) -> u32 {
        self.steps.first().filter(|step| step.component == 0).map_or(0, |step| step.v)
    }

    /// Blocks of luma that one row of MCUs has across.
    pub(crate) fn luma_columns(&self) -> u32 {
        self.steps.first().map_or(0, |step| step.h * self.columns)
    }

    /// Takes row `row` of MCUs: `block(reader, carry, step, x, y)` for each block, with its place
    /// in the component.
    #[inline(always)]
    pub(crate) fn row(
        &mut self,
        reader: &mut BitReader<'_>,
        row: u32,
        mut block: impl FnMut(&mut BitReader<'_>, &mut Carry, &Step, u32, u32) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        for column in 0..self.columns {
            if self.interval > 0 {
                if self.until_restart == 0 {
                    reader.restart(self.next_restart)?;
                    self.next_restart = (self.next_restart + 1) & 7;
                    self.until_restart = self.interval;
                    self.carry = Carry::default();
                }
                self.until_restart -= 1;
            }
            for step in &self.steps {
                let (x, y) = (column * step.h + step.dx, row * step.v + step.dy);
                block(reader, &mut self.carry, step, x, y)?;
            }
        }
        if reader.overrun() { Err(Fault::Truncated) } else { Ok(()) }
    }

    /// Ends the scan; gives the offset of the marker behind it.
    pub(crate) fn finish(&self, reader: &BitReader<'_>) -> Result<usize, Fault> {
        if self.carry.end_of_band > 0 {
            return Err(Fault::Overrun);
        }
        reader.finish()
    }
}

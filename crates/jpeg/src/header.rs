//! The frame: dimensions, components, and whether component 1 is luma at full resolution.

use crate::error::{Fallback, Reason};
use crate::markers::Parser;

/// What the bytes before the first scan say of the picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// One component (grey) or three (Y, Cb, Cr).
    pub components: Vec<Component>,
    /// Whether the coefficients come in several passes.
    pub progressive: bool,
    /// MCUs between restart markers at the first scan; 0 when there are none.
    pub restart_interval: u16,
    /// The colour transform that an Adobe marker names.
    pub adobe_transform: Option<u8>,
}

/// One component of the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Component {
    /// The identifier that scans use.
    pub id: u8,
    /// Horizontal sampling factor, 1 to 4.
    pub horizontal: u8,
    /// Vertical sampling factor, 1 to 4.
    pub vertical: u8,
    /// Which quantisation table it uses.
    pub(crate) quantisation: u8,
}

impl Header {
    /// Reads the markers up to the first scan.
    ///
    /// # Errors
    /// A [`Fallback`] for every file that [`crate::decode_luma`] would refuse for its header.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fallback> {
        let mut parser = Parser::new(bytes, &crate::Limits::default())?;
        parser.next_scan()?;
        parser.header()
    }

    /// Bytes that [`crate::decode_luma`] allocates for this picture at most, small tables aside.
    #[must_use]
    pub fn memory(&self, scale: crate::Scale) -> u64 {
        crate::geometry::Geometry::new(self).memory(self.progressive, scale)
    }
}

/// Reads the body of a frame header.
pub(crate) fn parse_frame(body: &[u8], progressive: bool) -> Result<Header, Reason> {
    let [precision, y1, y2, x1, x2, count, rest @ ..] = body else {
        return Err(Reason::Malformed("frame header too short"));
    };
    if *precision != 8 {
        return Err(Reason::Unsupported("sample precision other than 8 bits"));
    }
    let (width, height) = (u16::from_be_bytes([*x1, *x2]), u16::from_be_bytes([*y1, *y2]));
    if width == 0 || height == 0 {
        return Err(Reason::Unsupported("dimensions not in the frame header"));
    }
    if *count != 1 && *count != 3 {
        return Err(Reason::Unsupported("neither one component nor three"));
    }
    if rest.len() != usize::from(*count) * 3 {
        return Err(Reason::Malformed("frame header of a wrong length"));
    }
    let mut components = Vec::with_capacity(3);
    for entry in rest.chunks_exact(3) {
        let component = Component {
            id: entry[0],
            horizontal: entry[1] >> 4,
            vertical: entry[1] & 15,
            quantisation: entry[2],
        };
        let sampling = 1..=4u8;
        if !sampling.contains(&component.horizontal) || !sampling.contains(&component.vertical) {
            return Err(Reason::Malformed("sampling factor out of range"));
        }
        if component.quantisation > 3 {
            return Err(Reason::Malformed("quantisation table number out of range"));
        }
        if components.iter().any(|other: &Component| other.id == component.id) {
            return Err(Reason::Malformed("component identifier used twice"));
        }
        components.push(component);
    }
    let luma = components[0];
    if components.iter().any(|c| c.horizontal > luma.horizontal || c.vertical > luma.vertical) {
        return Err(Reason::Unsupported("luma is not the finest component"));
    }
    Ok(Header {
        width: width.into(),
        height: height.into(),
        components,
        progressive,
        restart_interval: 0,
        adobe_transform: None,
    })
}

/// Whether component 1 is luma, by the rules that every decoder shares; where decoders guess,
/// this one doesn't.
pub(crate) fn check_colour(header: &Header, jfif: bool, adobe: Option<u8>) -> Result<(), Reason> {
    if header.components.len() == 1 {
        return Ok(());
    }
    let ids = [header.components[0].id, header.components[1].id, header.components[2].id];
    match (jfif, adobe) {
        (_, Some(1)) | (true, None) => Ok(()),
        (false, None) if ids == [1, 2, 3] => Ok(()),
        (_, Some(0)) => Err(Reason::Unsupported("RGB or other untransformed components")),
        _ => Err(Reason::Unsupported("colour space not told")),
    }
}

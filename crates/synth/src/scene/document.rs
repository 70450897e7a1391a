//! Pages: headings, paragraphs in columns, tables, charts and pictures.

use crate::canvas::{Canvas, Shape, View, hsv, shade};
use crate::font::{self, sentence};
use crate::math::lerp;
use crate::picture::Picture;
use crate::rng::Rng;

/// Where text may go and how it looks.
struct Column {
    left: f32,
    right: f32,
    size: f32,
}

pub(super) fn draw(view: &View, random: &mut Rng) -> Picture {
    let tint = random.range(0.93, 1.0);
    let paper = shade([255.0, 254.0, 250.0], tint);
    let mut canvas = Canvas::new(view.width, view.height, paper);
    let margin = view.across().min(view.down()) * random.range(0.05, 0.11);
    let size = random.range(0.011, 0.02);
    let (left, right) = (view.left() + margin, view.right() - margin);
    let (mut top, bottom) = (view.top() + margin, view.bottom() - margin);
    if random.chance(75) {
        top = heading(&mut canvas, &Column { left, right, size }, top, random);
    }
    let columns = if right - left > 0.5 { random.between(1, 3) } else { 1 };
    let gap = size * 2.0;
    let wide = (right - left - gap * (columns - 1) as f32) / columns as f32;
    for index in 0..columns {
        let left = left + (wide + gap) * index as f32;
        let column = Column { left, right: left + wide, size };
        fill_column(&mut canvas, &column, top, bottom, random);
    }
    canvas.picture
}

fn heading(canvas: &mut Canvas, column: &Column, top: f32, random: &mut Rng) -> f32 {
    let size = column.size * random.range(1.8, 3.6);
    let room = ((column.right - column.left) / (size * 6.0 / 7.0)) as usize;
    let length = room.min(8 + random.below(24) as usize);
    let title = sentence(random, length);
    let ink = if random.chance(30) { hsv(random.unit(), 0.8, 0.5) } else { [20.0; 3] };
    if random.chance(30) {
        let band = hsv(random.unit(), 0.4, random.range(0.3, 0.85));
        let (right, bottom) = (canvas.view.right(), top + size * 1.8);
        canvas.rectangle(canvas.view.left(), canvas.view.top(), right, bottom, band);
    }
    font::write(canvas, &title, (column.left, top), size, ink);
    let end = top + size * 1.5;
    if random.chance(40) {
        canvas.rectangle(column.left, end, column.right, end + column.size * 0.15, ink);
    }
    end + column.size * 1.5
}

fn fill_column(canvas: &mut Canvas, column: &Column, top: f32, bottom: f32, random: &mut Rng) {
    let mut y = top + column.size * random.range(0.0, 6.0);
    // Blocks are bounded by the page's height; the count stops absurdly tall pages.
    for _ in 0..400 {
        if y > bottom - column.size * 2.0 {
            break;
        }
        let room = bottom - y;
        y = match random.below(12) {
            0 => table(canvas, column, y, room, random),
            1 => chart(canvas, column, y, room, random),
            2 => photo(canvas, column, y, room, random),
            3 => {
                let big = Column { size: column.size * 1.4, ..*column };
                lines(canvas, &big, y, 1, bottom, random)
            }
            _ => lines(canvas, column, y, random.between(2, 12), bottom, random),
        } + column.size * random.range(0.8, 3.0);
    }
}

fn lines(
    canvas: &mut Canvas,
    column: &Column,
    top: f32,
    count: i32,
    bottom: f32,
    random: &mut Rng,
) -> f32 {
    let room = ((column.right - column.left) / (column.size * 6.0 / 7.0)) as usize;
    let ink = [random.range(10.0, 70.0); 3];
    let mut y = top;
    for line in 0..count {
        if y + column.size * 1.2 > bottom {
            break;
        }
        let ragged = (room as f32 * random.range(0.86, 1.0)) as usize;
        let last = (room as f32 * random.range(0.2, 0.9)) as usize;
        let text = sentence(random, if line + 1 == count { last } else { ragged });
        font::write(canvas, &text, (column.left, y), column.size, ink);
        y += column.size * 1.6;
    }
    y
}

fn table(canvas: &mut Canvas, column: &Column, top: f32, room: f32, random: &mut Rng) -> f32 {
    let row = column.size * 1.9;
    let rows = random.between(3, 9).min((room / row) as i32);
    let columns = random.between(2, 5);
    let wide = (column.right - column.left) / columns as f32;
    let ink = [30.0; 3];
    let head = hsv(random.unit(), random.range(0.0, 0.5), random.range(0.6, 0.9));
    for r in 0..rows {
        let y = top + row * r as f32;
        if r == 0 {
            canvas.rectangle(column.left, y, column.right, y + row, head);
        } else if r % 2 == 0 {
            canvas.rectangle(column.left, y, column.right, y + row, [232.0, 234.0, 238.0]);
        }
        for c in 0..columns {
            let text = if r > 0 && c > 0 {
                random.below(100_000).to_string()
            } else {
                sentence(random, 6)
            };
            let at = (column.left + wide * c as f32 + column.size * 0.5, y + column.size * 0.4);
            font::write(canvas, &text, at, column.size * 0.9, ink);
        }
    }
    let end = top + row * rows.max(0) as f32;
    canvas.frame([column.left, top, column.right, end], column.size * 0.12, ink);
    end
}

fn chart(canvas: &mut Canvas, column: &Column, top: f32, room: f32, random: &mut Rng) -> f32 {
    let height = ((column.right - column.left) * random.range(0.3, 0.7)).min(room);
    let end = top + height;
    let hue = random.unit();
    let bars = random.between(4, 14);
    let wide = (column.right - column.left) / bars as f32;
    for bar in 0..bars {
        let left = column.left + wide * (bar as f32 + 0.15);
        let colour = hsv(hue + bar as f32 * 0.03, 0.6, 0.75);
        canvas.rectangle(
            left,
            end - height * random.range(0.1, 0.95),
            left + wide * 0.7,
            end,
            colour,
        );
    }
    let line = column.size * 0.15;
    canvas.rectangle(column.left, end - line, column.right, end, [20.0; 3]);
    canvas.rectangle(column.left, top, column.left + line, end, [20.0; 3]);
    end
}

fn photo(canvas: &mut Canvas, column: &Column, top: f32, room: f32, random: &mut Rng) -> f32 {
    let height = ((column.right - column.left) * random.range(0.4, 0.8)).min(room);
    let (left, right, end) = (column.left, column.right, top + height);
    canvas.rectangle(left, top, right, end, hsv(random.unit(), 0.4, 0.7));
    let ground = lerp(top, end, random.range(0.4, 0.8));
    canvas.rectangle(left, ground, right, end, hsv(random.unit(), 0.5, 0.4));
    for _ in 0..random.between(2, 6) {
        let size = height * random.range(0.05, 0.16);
        let x = random.range(left + size, right - size);
        let y = random.range(top + size, end - size);
        canvas.flat(&Shape::ellipse((x, y), (size, size)), hsv(random.unit(), 0.6, 0.8));
    }
    end
}

//! Desktops: wallpaper, windows with text, menus, icons and a task bar.

use crate::canvas::{Canvas, Colour, View, hsv, mix_colours, shade};
use crate::font::{self, sentence, word};
use crate::math::lerp;
use crate::noise::Field;
use crate::picture::{Picture, byte};
use crate::rng::Rng;

/// Look of one desktop.
struct Theme {
    bar: Colour,
    page: Colour,
    ink: Colour,
    accent: Colour,
    size: f32,
}

pub(super) fn draw(view: &View, random: &mut Rng) -> Picture {
    let dark = random.chance(35);
    let theme = Theme {
        bar: if dark { hsv(random.unit(), 0.2, 0.22) } else { hsv(random.unit(), 0.15, 0.85) },
        page: if dark { [34.0, 36.0, 42.0] } else { [250.0, 250.0, 252.0] },
        ink: if dark { [215.0, 218.0, 222.0] } else { [30.0, 32.0, 36.0] },
        accent: hsv(random.unit(), 0.7, 0.75),
        size: random.range(0.011, 0.016),
    };
    let mut canvas = Canvas::new(view.width, view.height, [0.0; 3]);
    wallpaper(&mut canvas, random);
    icons(&mut canvas, &theme, random);
    for _ in 0..random.between(1, 4) {
        let (wide, tall) =
            (view.across() * random.range(0.35, 0.85), view.down() * random.range(0.35, 0.85));
        let left = lerp(view.left(), view.right() - wide, random.unit());
        let top = lerp(view.top(), view.bottom() - tall - 0.03, random.unit());
        window(&mut canvas, &theme, [left, top, left + wide, top + tall], random);
    }
    task_bar(&mut canvas, &theme, random);
    canvas.picture
}

/// Draws one framed window without content and tells where its content goes.
pub(crate) fn window_frame(
    canvas: &mut Canvas,
    [left, top, right, bottom]: [f32; 4],
    size: f32,
    bar: Colour,
    page: Colour,
    title: &str,
) -> [f32; 4] {
    let shadow = size * 0.4;
    canvas.rectangle(left + shadow, top + shadow, right + shadow, bottom + shadow, [25.0; 3]);
    let bar_end = top + size * 2.4;
    canvas.rectangle(left, top, right, bottom, page);
    canvas.rectangle(left, top, right, bar_end, bar);
    let ink = if bar[1] > 120.0 { [20.0; 3] } else { [235.0; 3] };
    font::write(canvas, title, (left + size, top + size * 0.7), size, ink);
    for (index, colour) in
        [[210.0, 80.0, 70.0], [220.0, 180.0, 70.0], [90.0, 180.0, 90.0]].into_iter().enumerate()
    {
        let x = right - size * (2.0 + 1.8 * index as f32);
        canvas.rectangle(x, top + size * 0.7, x + size, top + size * 1.7, colour);
    }
    canvas.frame([left, top, right, bottom], size * 0.1, shade(bar, 0.6));
    [left + size * 0.3, bar_end, right - size * 0.3, bottom - size * 0.3]
}

fn wallpaper(canvas: &mut Canvas, random: &mut Rng) {
    let view = canvas.view;
    let (a, b) = (
        hsv(random.unit(), random.range(0.3, 0.8), random.range(0.1, 0.6)),
        hsv(random.unit(), random.range(0.2, 0.7), random.range(0.4, 0.95)),
    );
    let mut field = Field::fractal(&view, random.next_u64(), 1.5, 3, 0.5);
    let wavy = random.range(0.0, 1.2);
    canvas.paint_rows(|y, _, row| {
        for (pixel, value) in row.chunks_exact_mut(3).zip(field.row(y)) {
            let colour = mix_colours(a, b, (y + wavy * value).clamp(0.0, 1.0));
            pixel.copy_from_slice(&colour.map(byte));
        }
    });
}

fn icons(canvas: &mut Canvas, theme: &Theme, random: &mut Rng) {
    let view = canvas.view;
    let step = theme.size * 7.0;
    for column in 0..random.between(1, 3) {
        for row in 0..random.between(2, 9) {
            let left = view.left() + theme.size * 2.0 + step * column as f32;
            let top = view.top() + theme.size * 2.0 + step * row as f32;
            if top + step > view.bottom() {
                break;
            }
            let side = theme.size * 3.5;
            canvas.rectangle(left, top, left + side, top + side, hsv(random.unit(), 0.6, 0.85));
            canvas.rectangle(
                left + side * 0.3,
                top + side * 0.3,
                left + side * 0.7,
                top + side * 0.8,
                [245.0; 3],
            );
            font::write(
                canvas,
                &word(random),
                (left, top + side * 1.1),
                theme.size * 0.7,
                [245.0; 3],
            );
        }
    }
}

fn window(canvas: &mut Canvas, theme: &Theme, bounds: [f32; 4], random: &mut Rng) {
    let size = theme.size;
    let title = sentence(random, 16);
    let inner = window_frame(canvas, bounds, size, theme.bar, theme.page, &title);
    let [left, mut top, right, bottom] = inner;
    if random.chance(70) {
        let mut x = left + size * 0.5;
        for _ in 0..6 {
            let menu = sentence(random, 5);
            if x + font::text_width(&menu, size) > right {
                break;
            }
            font::write(canvas, &menu, (x, top + size * 0.4), size * 0.9, theme.ink);
            x += font::text_width(&menu, size) + size;
        }
        top += size * 2.0;
        canvas.rectangle(left, top, right, top + size * 0.1, shade(theme.bar, 0.8));
    }
    match random.below(4) {
        0 => file_list(canvas, theme, [left, top, right, bottom], random),
        1 => web_page(canvas, theme, [left, top, right, bottom], random),
        2 => terminal(canvas, theme, [left, top, right, bottom], random),
        _ => text(canvas, theme, [left, top, right, bottom], theme.ink, random),
    }
}

fn text(
    canvas: &mut Canvas,
    theme: &Theme,
    [left, top, right, bottom]: [f32; 4],
    ink: Colour,
    random: &mut Rng,
) {
    let room = ((right - left - theme.size * 2.0) / (theme.size * 6.0 / 7.0)).max(1.0) as usize;
    let mut y = top + theme.size;
    while y + theme.size * 1.5 < bottom {
        if !random.chance(12) {
            let length = (room as f32 * random.range(0.3, 1.0)) as usize;
            let line = sentence(random, length);
            font::write(canvas, &line, (left + theme.size, y), theme.size, ink);
        }
        y += theme.size * 1.7;
    }
}

fn terminal(canvas: &mut Canvas, theme: &Theme, bounds: [f32; 4], random: &mut Rng) {
    let [left, top, right, bottom] = bounds;
    canvas.rectangle(left, top, right, bottom, [12.0, 16.0, 14.0]);
    text(canvas, theme, bounds, hsv(random.range(0.2, 0.5), 0.5, 0.9), random);
}

fn file_list(
    canvas: &mut Canvas,
    theme: &Theme,
    [left, top, right, bottom]: [f32; 4],
    random: &mut Rng,
) {
    let side = left + (right - left) * random.range(0.15, 0.3);
    canvas.rectangle(left, top, side, bottom, mix_colours(theme.page, theme.bar, 0.6));
    let row = theme.size * 2.0;
    let mut y = top + theme.size * 0.5;
    let marked = random.below(12);
    for index in 0..200 {
        if y + row > bottom {
            break;
        }
        if index == marked {
            canvas.rectangle(side, y, right, y + row, theme.accent);
        }
        let icon = y + row * 0.2;
        canvas.rectangle(
            side + theme.size,
            icon,
            side + theme.size * 2.2,
            icon + theme.size,
            hsv(random.unit(), 0.5, 0.8),
        );
        let length = 8 + random.below(14) as usize;
        let name = sentence(random, length);
        font::write(canvas, &name, (side + theme.size * 3.0, y + row * 0.2), theme.size, theme.ink);
        if index % 2 == 0 {
            font::write(
                canvas,
                &sentence(random, 6),
                (left + theme.size * 0.5, y + row * 0.2),
                theme.size * 0.9,
                theme.ink,
            );
        }
        y += row;
    }
}

fn web_page(
    canvas: &mut Canvas,
    theme: &Theme,
    [left, top, right, bottom]: [f32; 4],
    random: &mut Rng,
) {
    let banner = lerp(top, bottom, random.range(0.15, 0.4));
    canvas.rectangle(left, top, right, banner, theme.accent);
    let big = ((banner - top) * 0.4).min((right - left) * 0.09);
    font::write(
        canvas,
        &sentence(random, 9),
        (left + theme.size, top + big * 0.5),
        big,
        [250.0; 3],
    );
    let cards = random.between(2, 4);
    let wide = (right - left) / cards as f32;
    for card in 0..cards {
        let x = left + wide * card as f32 + theme.size * 0.5;
        let end = x + wide - theme.size;
        let low = lerp(banner, bottom, random.range(0.3, 0.6));
        canvas.rectangle(x, banner + theme.size, end, low, hsv(random.unit(), 0.5, 0.7));
        text(canvas, theme, [x - theme.size, low, end, bottom], theme.ink, random);
    }
}

fn task_bar(canvas: &mut Canvas, theme: &Theme, random: &mut Rng) {
    let view = canvas.view;
    let top = view.bottom() - theme.size * 3.0;
    canvas.rectangle(view.left(), top, view.right(), view.bottom(), shade(theme.bar, 0.8));
    for index in 0..random.between(3, 9) {
        let left = view.left() + theme.size * (0.7 + 3.2 * index as f32);
        canvas.rectangle(
            left,
            top + theme.size * 0.5,
            left + theme.size * 2.0,
            top + theme.size * 2.5,
            hsv(random.unit(), 0.6, 0.8),
        );
    }
    let clock = format!("{:02}:{:02}", random.below(24), random.below(60));
    let left = view.right() - font::text_width(&clock, theme.size) - theme.size;
    font::write(canvas, &clock, (left, top + theme.size), theme.size, theme.ink);
}

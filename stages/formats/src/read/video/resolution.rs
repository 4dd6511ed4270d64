//! The word for a picture's size: `720p`, `1080i`.
//!
//! Black bars are usually cut off and pixels are not always square, so neither width nor height decides alone.

use super::Video;

/// The word for a track's size, when it is known.
pub fn word(track: &Video) -> Option<String> {
    let (width, height) =
        track.width.zip(track.height).filter(|(width, height)| *width > 0 && *height > 0)?;
    // Pixels that are not square were stretched in one direction only: the larger picture is the one meant.
    let width =
        track.display.filter(|(_, shown)| *shown == height).map_or(width, |(shown, _)| shown.max(width));
    // A film shot upright has its long side standing.
    let lines = lines(width.max(height), width.min(height));
    let scan = if track.scan == Some("interlaced") { 'i' } else { 'p' };
    Some(format!("{lines}{scan}"))
}

/// The smallest usual size that holds the picture.
fn lines(width: u32, height: u32) -> u32 {
    /// Most pixels in width, most lines, and the number that names the size.
    const SIZES: [(u32, u32, u32); 9] = [
        (432, 240, 240),
        (640, 368, 360),
        (864, 486, 480),
        (1056, 576, 576),
        (1296, 800, 720),
        (2048, 1200, 1080),
        (2560, 1600, 1440),
        (4096, 2400, 2160),
        (8192, 4608, 4320),
    ];
    // Between NTSC and PAL lies a size of its own, which differs from cropped PAL by its width.
    if (865..=976).contains(&width) && height <= 544 {
        return 540;
    }
    let fits =
        SIZES.iter().find(|(most_width, most_height, _)| width <= *most_width && height <= *most_height);
    fits.map_or(height, |(_, _, lines)| *lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(width: u32, height: u32, want: &str) {
        let track = Video { width: Some(width), height: Some(height), ..Video::default() };
        assert_eq!(word(&track).as_deref(), Some(want), "{width}x{height}");
    }

    #[test]
    fn whole_pictures_have_the_name_of_their_height() {
        check(640, 480, "480p");
        check(720, 480, "480p");
        check(720, 576, "576p");
        check(1280, 720, "720p");
        check(1920, 1080, "1080p");
        check(1920, 1088, "1080p");
        check(2560, 1440, "1440p");
        check(3840, 2160, "2160p");
        check(640, 360, "360p");
        check(960, 540, "540p");
    }

    #[test]
    fn cropped_pictures_keep_the_name_of_the_whole() {
        check(1280, 534, "720p");
        check(960, 720, "720p");
        check(1920, 800, "1080p");
        check(1440, 1080, "1080p");
        check(1792, 1080, "1080p");
        check(3840, 1600, "2160p");
        check(3996, 2160, "2160p");
        check(4096, 1716, "2160p");
        check(720, 560, "576p");
        check(720, 304, "480p");
        check(1080, 1920, "1080p");
    }

    #[test]
    fn stretched_pixels_and_fields_count() {
        let mut track = Video { width: Some(1440), height: Some(1080), ..Video::default() };
        track.scan = Some("interlaced");
        track.display = Some((1920, 1080));
        assert_eq!(word(&track).as_deref(), Some("1080i"));
        // Stretched to wide screen, PAL stays PAL.
        let track =
            Video { width: Some(720), height: Some(576), display: Some((1024, 576)), ..Video::default() };
        assert_eq!(word(&track).as_deref(), Some("576p"));
        assert_eq!(word(&Video::default()), None);
    }
}

//! The elements that are read (RFC 8794 and RFC 9559), by their identifiers with the length marker.

pub const EBML: u32 = 0x1a45_dfa3;
pub const DOC_TYPE: u32 = 0x4282;
pub const VOID: u32 = 0xec;
pub const CRC_32: u32 = 0xbf;

pub const SEGMENT: u32 = 0x1853_8067;
pub const SEEK_HEAD: u32 = 0x114d_9b74;
pub const INFO: u32 = 0x1549_a966;
pub const TRACKS: u32 = 0x1654_ae6b;
pub const CLUSTER: u32 = 0x1f43_b675;
pub const CUES: u32 = 0x1c53_bb6b;
pub const CHAPTERS: u32 = 0x1043_a770;
pub const TAGS: u32 = 0x1254_c367;
pub const ATTACHMENTS: u32 = 0x1941_a469;

pub const SEEK: u32 = 0x4dbb;
pub const SEEK_ID: u32 = 0x53ab;
pub const SEEK_POSITION: u32 = 0x53ac;

pub const TIMESTAMP_SCALE: u32 = 0x2a_d7b1;
pub const DURATION: u32 = 0x4489;
pub const TITLE: u32 = 0x7ba9;
pub const MUXING_APP: u32 = 0x4d80;
pub const WRITING_APP: u32 = 0x5741;

pub const TRACK_ENTRY: u32 = 0xae;
pub const TRACK_NUMBER: u32 = 0xd7;
pub const TRACK_UID: u32 = 0x73c5;
pub const TRACK_TYPE: u32 = 0x83;
pub const FLAG_DEFAULT: u32 = 0x88;
pub const FLAG_FORCED: u32 = 0x55aa;
pub const DEFAULT_DURATION: u32 = 0x23_e383;
pub const NAME: u32 = 0x536e;
pub const LANGUAGE: u32 = 0x22_b59c;
pub const LANGUAGE_BCP_47: u32 = 0x22_b59d;
pub const CODEC_ID: u32 = 0x86;
pub const CODEC_PRIVATE: u32 = 0x63a2;
pub const BLOCK_ADDITION_MAPPING: u32 = 0x41e4;
pub const BLOCK_ADD_ID_TYPE: u32 = 0x41e7;
pub const BLOCK_ADD_ID_EXTRA: u32 = 0x41ed;

pub const VIDEO: u32 = 0xe0;
pub const FLAG_INTERLACED: u32 = 0x9a;
pub const PIXEL_WIDTH: u32 = 0xb0;
pub const PIXEL_HEIGHT: u32 = 0xba;
pub const CROP_BOTTOM: u32 = 0x54aa;
pub const CROP_TOP: u32 = 0x54bb;
pub const CROP_LEFT: u32 = 0x54cc;
pub const CROP_RIGHT: u32 = 0x54dd;
pub const DISPLAY_WIDTH: u32 = 0x54b0;
pub const DISPLAY_HEIGHT: u32 = 0x54ba;
pub const DISPLAY_UNIT: u32 = 0x54b2;
pub const COLOUR: u32 = 0x55b0;
pub const BITS_PER_CHANNEL: u32 = 0x55b2;
pub const TRANSFER: u32 = 0x55ba;
pub const MASTERING: u32 = 0x55d0;

pub const AUDIO: u32 = 0xe1;
pub const SAMPLING_FREQUENCY: u32 = 0xb5;
pub const OUTPUT_FREQUENCY: u32 = 0x78b5;
pub const CHANNELS: u32 = 0x9f;
pub const BIT_DEPTH: u32 = 0x6264;

pub const CONTENT_ENCODINGS: u32 = 0x6d80;
pub const CONTENT_ENCODING: u32 = 0x6240;
pub const ENCODING_SCOPE: u32 = 0x5032;
pub const ENCODING_TYPE: u32 = 0x5033;
pub const COMPRESSION: u32 = 0x5034;
pub const COMPRESSION_ALGORITHM: u32 = 0x4254;
pub const COMPRESSION_SETTINGS: u32 = 0x4255;

pub const TIMESTAMP: u32 = 0xe7;
pub const SIMPLE_BLOCK: u32 = 0xa3;
pub const BLOCK_GROUP: u32 = 0xa0;
pub const BLOCK: u32 = 0xa1;

pub const EDITION: u32 = 0x45b9;
pub const EDITION_HIDDEN: u32 = 0x45bd;
pub const EDITION_DEFAULT: u32 = 0x45db;
pub const CHAPTER: u32 = 0xb6;
pub const CHAPTER_HIDDEN: u32 = 0x98;
pub const CHAPTER_ENABLED: u32 = 0x4598;
pub const CHAPTER_START: u32 = 0x91;
pub const CHAPTER_DISPLAY: u32 = 0x80;
pub const CHAPTER_NAME: u32 = 0x85;

pub const TAG: u32 = 0x7373;
pub const TARGETS: u32 = 0x63c0;
pub const TARGET_TYPE_VALUE: u32 = 0x68ca;
pub const TAG_TRACK_UID: u32 = 0x63c5;
pub const TAG_CHAPTER_UID: u32 = 0x63c4;
pub const TAG_ATTACHMENT_UID: u32 = 0x63c6;
pub const SIMPLE_TAG: u32 = 0x67c8;
pub const TAG_NAME: u32 = 0x45a3;
pub const TAG_STRING: u32 = 0x4487;

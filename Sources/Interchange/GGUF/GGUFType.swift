// The types of numbers in a GGUF file's tensors: names, and how many bytes hold how many of them.

/// A type of tensor elements (ggml's `ggml_type`); the raw value is its number in the file. A type whose name begins
/// with Q packs a block of neighbours of a row together, with a scale; the K types scale in two levels.
package enum GGUFType: UInt32, Sendable, CaseIterable {
    case f32 = 0
    case f16 = 1
    case q4_0 = 2
    case q4_1 = 3
    case q5_0 = 6
    case q5_1 = 7
    case q8_0 = 8
    case q8_1 = 9
    case q2_k = 10
    case q3_k = 11
    case q4_k = 12
    case q5_k = 13
    case q6_k = 14
    case q8_k = 15
    case iq2_xxs = 16
    case iq2_xs = 17
    case iq3_xxs = 18
    case iq1_s = 19
    case iq4_nl = 20
    case iq3_s = 21
    case iq2_s = 22
    case iq4_xs = 23
    case i8 = 24
    case i16 = 25
    case i32 = 26
    case i64 = 27
    case f64 = 28
    case iq1_m = 29
    case bf16 = 30
    case tq1_0 = 34
    case tq2_0 = 35
    case mxfp4 = 39
    case nvfp4 = 40
    case q1_0 = 41

    /// The name that llama.cpp's tools use.
    package var name: String { "\(self)".uppercased() }

    /// The name of a type with its number; of one that is not known here, the number alone.
    static func name(of number: UInt32) -> String {
        GGUFType(rawValue: number).map { "\($0.name) (type \(number))" } ?? "type \(number)"
    }

    /// Elements that are stored together; a row is a whole number of blocks.
    package var blockCount: Int { layout.numbers }

    /// Bytes of a block.
    package var blockBytes: Int { layout.bytes }

    /// Whether weights are read from it.
    package var isRead: Bool {
        switch self {
        case .f32, .f16, .bf16, .f64, .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q4_k, .q5_k, .q6_k: true
        default: false
        }
    }

    /// Whether weights are written as it.
    package var isWritten: Bool { fileType != nil }

    /// `general.file_type` of a model stored mostly in this type; nil where models are not written in it.
    var fileType: UInt32? {
        switch self {
        case .f32: 0
        case .f16: 1
        case .q4_0: 2
        case .q8_0: 7
        case .bf16: 32
        default: nil
        }
    }

    /// Sizes of the blocks (ggml-org/ggml, ggml-common.h): mostly the packed numbers, and scales of 16 bits.
    private var layout: (numbers: Int, bytes: Int) {
        switch self {
        case .f64, .i64: (1, 8)
        case .f32, .i32: (1, 4)
        case .f16, .bf16, .i16: (1, 2)
        case .i8: (1, 1)
        case .q4_0, .iq4_nl: (32, 18)
        case .q4_1: (32, 20)
        case .q5_0: (32, 22)
        case .q5_1: (32, 24)
        case .q8_0: (32, 34)
        case .q8_1: (32, 36)
        case .mxfp4: (32, 17)
        case .nvfp4: (64, 36)
        case .q1_0: (128, 18)
        case .q2_k: (256, 84)
        case .q3_k, .iq3_s: (256, 110)
        case .q4_k: (256, 144)
        case .q5_k: (256, 176)
        case .q6_k: (256, 210)
        case .q8_k: (256, 292)
        case .iq1_s: (256, 50)
        case .iq1_m: (256, 56)
        case .iq2_xxs: (256, 66)
        case .iq2_xs: (256, 74)
        case .iq2_s: (256, 82)
        case .iq3_xxs: (256, 98)
        case .iq4_xs: (256, 136)
        case .tq1_0: (256, 54)
        case .tq2_0: (256, 66)
        }
    }
}

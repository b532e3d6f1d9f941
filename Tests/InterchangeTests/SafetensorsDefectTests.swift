// Every way to break a safetensors file, and the sentence that says so.

import Interchange
import TestSupport
import Testing

/// A broken file and what is said of it.
struct BrokenFile: CustomTestStringConvertible {
    let bytes: [UInt8]
    let message: String
    var testDescription: String { message }

    init(_ bytes: [UInt8], _ message: String) {
        self.bytes = bytes
        self.message = message
    }

    /// A header about one tensor `a`, in front of `bodyBytes` zeros.
    init(_ header: String, bodyBytes: Int = 0, _ message: String) {
        self.init(safetensors(header, body: [UInt8](repeating: 0, count: bodyBytes)), message)
    }
}

@Suite("Safetensors defects")
struct SafetensorsDefectTests {
    static let frame: [BrokenFile] = [
        BrokenFile([], "the file has 0 bytes; a safetensors file starts with the 8 bytes of its header's length"),
        BrokenFile(
            [2, 0, 0, 0, 0, 0, 0],
            "the file has 7 bytes; a safetensors file starts with the 8 bytes of its header's length"),
        BrokenFile([0, 0, 0, 0, 0, 0, 0, 0], "the header is empty; it must start with {"),
        BrokenFile(
            safetensors("{}", claimedLength: 100_000_001),
            "the header claims 100000001 bytes; the format allows 100000000"),
        BrokenFile(
            safetensors("{}", claimedLength: .max),
            "the header claims 18446744073709551615 bytes; the format allows 100000000"),
        BrokenFile(safetensors("{}", claimedLength: 3), "the header claims 3 bytes, but only 2 follow its length"),
        BrokenFile(" {}", "the header starts with the byte 0x20; it must start with {"),
        BrokenFile("[]", "the header starts with the byte 0x5B; it must start with {"),
        BrokenFile("\u{FEFF}{}", "the header starts with the byte 0xEF; it must start with {"),
        BrokenFile("{", "the header, line 1, column 2: the text ends where a key in double quotes or } is expected"),
        BrokenFile("{}x", "the header, line 1, column 3: the value is complete, but more text follows"),
        BrokenFile("{} //", "the header, line 1, column 4: comments are not allowed in this file"),
        BrokenFile(
            safetensors("") + [3, 0, 0] + [],
            "the header is empty; it must start with {"),
        BrokenFile(
            [4, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x22, 0xFF, 0x22],
            "the header, line 1, column 3: the byte 0xFF is not valid UTF-8 here; store the file as UTF-8"),
        BrokenFile(
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#,
            bodyBytes: 2, #"the header, line 1, column 54: the key "a" is already given at line 1, column 2"#),
        BrokenFile(
            #"{"a":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}"#, bodyBytes: 1,
            #"the header, line 1, column 20: the key "dtype" is already given at line 1, column 7"#),
        BrokenFile(#"{"__metadata__":[]}"#, "__metadata__ must be an object whose values are strings"),
        BrokenFile(#"{"__metadata__":null}"#, "__metadata__ must be an object whose values are strings"),
        BrokenFile(
            #"{"__metadata__":{"step":3}}"#, #"__metadata__ must hold only strings, and the value of "step" is none"#),
    ]

    static let tensors: [BrokenFile] = [
        BrokenFile(#"{"a":[1]}"#, #"tensor "a" is described by an array instead of an object"#),
        BrokenFile(#"{"a":{"shape":[1],"data_offsets":[0,1]}}"#, bodyBytes: 1, #"tensor "a" has no dtype"#),
        BrokenFile(#"{"a":{"dtype":"U8","data_offsets":[0,1]}}"#, bodyBytes: 1, #"tensor "a" has no shape"#),
        BrokenFile(#"{"a":{"dtype":"U8","shape":[1]}}"#, bodyBytes: 1, #"tensor "a" has no data_offsets"#),
        BrokenFile(
            #"{"a":{"dtype":1,"shape":[1],"data_offsets":[0,1]}}"#, bodyBytes: 1,
            #"tensor "a": dtype is a number instead of a string"#),
        BrokenFile(
            #"{"a":{"dtype":"f32","shape":[1],"data_offsets":[0,4]}}"#, bodyBytes: 4,
            #"tensor "a": the format has no type "f32""#),
        BrokenFile(
            #"{"a":{"dtype":"U8","shape":1,"data_offsets":[0,1]}}"#, bodyBytes: 1,
            #"tensor "a": shape must be an array of integers from 0 up"#),
        BrokenFile(
            #"{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}"#, bodyBytes: 1,
            #"tensor "a": shape must be an array of integers from 0 up"#),
        BrokenFile(
            #"{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}"#, bodyBytes: 1,
            #"tensor "a": shape must be an array of integers from 0 up"#),
        BrokenFile(
            #"{"a":{"dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,1]}}"#, bodyBytes: 1,
            #"tensor "a": shape must be an array of integers from 0 up"#),
        BrokenFile(
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[1]}}"#, bodyBytes: 1,
            #"tensor "a": data_offsets must be an array of two integers from 0 up"#),
        BrokenFile(
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}}"#, bodyBytes: 1,
            #"tensor "a": data_offsets must be an array of two integers from 0 up"#),
        BrokenFile(
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}}"#, bodyBytes: 1,
            #"tensor "a": data_offsets must be an array of two integers from 0 up"#),
        BrokenFile(
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[2,1]}}"#, bodyBytes: 2,
            #"tensor "a" ends at byte 1, before its start at 2"#),
        BrokenFile(
            #"{"a":{"dtype":"U8","shape":[3037000500,3037000500],"data_offsets":[0,0]}}"#,
            #"tensor "a": the shape [3037000500, 3037000500] has more bytes than can be counted"#),
        BrokenFile(
            #"{"a":{"dtype":"F64","shape":[1152921504606846976],"data_offsets":[0,0]}}"#,
            #"tensor "a": the shape [1152921504606846976] has more bytes than can be counted"#),
        BrokenFile(
            #"{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}"#, bodyBytes: 2,
            #"tensor "a": F4 of shape [3] does not fill its last byte"#),
        BrokenFile(
            #"{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,20]}}"#, bodyBytes: 20,
            #"tensor "a": F32 of shape [2, 3] needs 24 bytes, but data_offsets span 20"#),
        BrokenFile(
            #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#, bodyBytes: 3,
            "tensor \"a\" starts at byte 1; the tensors before it end at 0, and the bytes between belong to none"),
        BrokenFile(
            #"{"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]},"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#,
            bodyBytes: 3, #"tensor "b" starts at byte 1, inside the tensors before it, which end at 2"#),
        BrokenFile(
            #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#, bodyBytes: 3,
            "the tensors cover 2 bytes, but 3 follow the header"),
        BrokenFile(
            #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#, bodyBytes: 1,
            "the tensors cover 2 bytes, but 1 follow the header"),
        BrokenFile("{}", bodyBytes: 1, "the tensors cover 0 bytes, but 1 follow the header"),
        BrokenFile(
            "{\"a\\u0000\\n\":[1]}", #"tensor "a\u0000\n" is described by an array instead of an object"#),
    ]

    @Test(arguments: frame + tensors)
    func isRefusedWithItsSentence(file: BrokenFile) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(file.bytes, as: "broken.safetensors")
        let error = #expect(throws: InterchangeError.self) { try SafetensorsFile(path: path) }
        #expect(error?.description == "\(path): \(file.message)")
    }

    @Test func filesThatCannotBeOpenedAreNamed() throws {
        let folder = try TemporaryFolder()
        let absent = folder.path + "/absent.safetensors"
        var error = #expect(throws: InterchangeError.self) { try SafetensorsFile(path: absent) }
        #expect(error?.description == "cannot open \(absent): No such file or directory")
        error = #expect(throws: InterchangeError.self) { try SafetensorsFile(path: folder.path) }
        #expect(error?.description == "cannot read \(folder.path): Is a directory")
    }

    @Test func typesWithoutConversionAreRefusedWhenRead() throws {
        let folder = try TemporaryFolder()
        let header = #"{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#
        let path = try folder.write(safetensors(header, body: [UInt8](repeating: 0, count: 8)), as: "integers")
        let file = try SafetensorsFile(path: path)
        let entry = try #require(file["a"])
        let error = #expect(throws: InterchangeError.self) { try file.floats(entry) }
        #expect(
            error?.description
                == "\(path): tensor \"a\" is stored as I64; weights are read from F32, F16 and BF16")
    }
}

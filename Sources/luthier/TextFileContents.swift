// Reads a text file for a command, with the same checks as for data.

import Datasets
import Foundation

enum TextFileContents {
    /// The checked text of the file at `path`; `-` is stdin.
    static func read(_ path: String) throws(DatasetError) -> [UInt8] {
        if path == "-" {
            return try TextFile(path: "stdin", bytes: Array(FileHandle.standardInput.readDataToEndOfFile())).bytes
        }
        return try TextFile(path: path).bytes
    }
}

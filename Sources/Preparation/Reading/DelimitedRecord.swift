// One record of a comma- or tab-separated file as its fields.

/// A field's content and where it stands.
package struct DelimitedField {
    /// Without its quotes, doubled quotes as one.
    package var text: [UInt8]
    /// Where the content begins in the record's bytes, behind an opening quote.
    var start: Int
    var isQuoted: Bool
}

package enum DelimitedRecord {
    /// Cuts a record.
    ///
    /// - Returns: the fields, and where a quote stands at which RFC 4180 allows none.
    package static func fields(
        _ bytes: UnsafeBufferPointer<UInt8>, delimiter: UInt8, hasOpenQuote: Bool = false
    ) -> (fields: [DelimitedField], strayQuote: Int?) {
        var fields: [DelimitedField] = []
        var stray: Int?
        var index = 0
        while true {
            if index < bytes.count, bytes[index] == UInt8(ascii: "\""), !hasOpenQuote {
                let (field, end) = quoted(bytes, from: index)
                index = end
                fields.append(field)
                // What follows a closing quote belongs to the field, as a person meant it.
                while index < bytes.count, bytes[index] != delimiter {
                    if stray == nil { stray = index }
                    fields[fields.count - 1].text.append(bytes[index])
                    index += 1
                }
            } else {
                let end = bytes[index...].firstIndex(of: delimiter) ?? bytes.count
                fields.append(DelimitedField(text: Array(bytes[index..<end]), start: index, isQuoted: false))
                index = end
            }
            guard index < bytes.count else { return (fields, stray) }
            index += 1
        }
    }

    private static func quoted(
        _ bytes: UnsafeBufferPointer<UInt8>, from start: Int
    ) -> (field: DelimitedField, end: Int) {
        var field = DelimitedField(text: [], start: start + 1, isQuoted: true)
        var index = start + 1
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\"") {
                guard index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "\"") else { return (field, index + 1) }
                index += 1
            }
            // Line ends inside a field are line feeds, as everywhere.
            if !(bytes[index] == 0x0D && index + 1 < bytes.count && bytes[index + 1] == 0x0A) {
                field.text.append(bytes[index])
            }
            index += 1
        }
        return (field, index)
    }
}

// Splits one record of a comma- or tab-separated file into fields.

/// A field's content and position.
package struct DelimitedField {
    /// Without its quotes; doubled quotes are unescaped.
    package var text: [UInt8]
    /// The offset of the content in the record's bytes, after an opening quote.
    var start: Int
    var isQuoted: Bool
}

package enum DelimitedRecord {
    /// Splits a record.
    ///
    /// - Returns: the fields, and the offset of a quote that RFC 4180 does not allow.
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
                // Text after a closing quote is kept as part of the field.
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
            field.text.append(bytes[index])
            index += 1
        }
        return (field, index)
    }
}

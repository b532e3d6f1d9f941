// The form of an upload: its fields, and the file, which stays where it is until it is stored.

import HTTPServer

struct UploadForm {
    private let form: Multipart
    /// The text of each field by its name; of two with the same name, the first.
    let fields: [String: String]
    /// The part that has the file.
    let file: Multipart.Part?

    /// The bytes of a field's text that are accepted, and those of a file that are looked at before it is stored.
    private static let (mostFieldBytes, firstBytes) = (4_096, 4_096)

    init(_ request: HTTPRequest) throws(APIError) {
        do throws(MultipartError) {
            form = try Multipart(request)
            var fields: [String: String] = [:]
            for part in form.parts where part.name != "file" && fields[part.name] == nil {
                fields[part.name] = try form.text(of: part, most: UploadForm.mostFieldBytes)
            }
            self.fields = fields
        } catch {
            throw UploadForm.error(error)
        }
        file = form.part("file")
    }

    func beginning(of part: Multipart.Part) throws(APIError) -> [UInt8] {
        do throws(MultipartError) { return try form.beginning(of: part, UploadForm.firstBytes) } catch {
            throw UploadForm.error(error)
        }
    }

    /// Stores a part as a new file.
    ///
    /// - Returns: its bytes.
    func write(_ part: Multipart.Part, to path: String) throws(APIError) -> Int {
        do throws(MultipartError) { return try form.write(part, to: path) } catch { throw UploadForm.error(error) }
    }

    private static func error(_ error: MultipartError) -> APIError {
        switch error {
        case .diskFull: APIError(507, "\(error)", type: "server_error", code: "disk_full")
        case _ where error.isInternal: .internalError("\(error)")
        case .tooLong(let name, _), .notText(let name): .invalid("\(error)", param: name)
        default: .invalid("\(error)", param: nil)
        }
    }
}

#include "ledger/anchor/records.h"

#include <optional>

#include "base/text.h"

namespace cortex::ledger {
namespace {

class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}

  std::optional<std::string_view> next() {
    if (position_ == text_.size()) return std::nullopt;
    ++number_;
    const std::size_t newline = text_.find('\n', position_);
    const std::size_t stop = newline == std::string_view::npos ? text_.size() : newline;
    std::string_view line = text_.substr(position_, stop - position_);
    position_ = newline == std::string_view::npos ? stop : newline + 1;
    if (newline != std::string_view::npos && line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }
  std::size_t number() const { return number_; }
  std::size_t position() const { return position_; }

 private:
  std::string_view text_;
  std::size_t position_ = 0;
  std::size_t number_ = 0;
};

}  // namespace

Error evidence_refused(std::string_view token, std::string message) {
  return with_token(make_error(Code::kIntegrity, std::move(message)), token);
}

Error record_error(const RecordFormat& format, std::size_t line, std::string_view kind,
                   std::string_view why) {
  return with_token(make_error(Code::kPrecondition, cat(format.what, " line ", line, ": ", why)),
                    cat(format.token, ".", kind));
}

Result<std::vector<RecordLine>> split_records(const RecordFormat& format, std::string_view text) {
  if (text.empty()) return record_error(format, 1, "empty", "there is no record");
  std::vector<RecordLine> records;
  Lines lines(text);
  for (std::size_t begin = 0; const auto header = lines.next(); begin = lines.position()) {
    if (*header != format.header) {
      return record_error(format, lines.number(), "header",
                          cat("expected ", quoted(format.header), ", found ", quoted(*header)));
    }
    const auto body = lines.next();
    if (!body || body->empty()) {
      return record_error(format, lines.number(), "body", "the header has no record behind it");
    }
    if (trim(*body) != *body) {
      return record_error(format, lines.number(), "body", "there is white space around the record");
    }
    records.push_back({*body, lines.number(), begin, lines.position()});
  }
  return records;
}

}  // namespace cortex::ledger

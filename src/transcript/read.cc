#include "transcript/read.h"

#include <array>

#include "base/text.h"
#include "transcript/elements.h"
#include "transcript/readers.h"
#include "transcript/text_lines.h"

namespace cortex::transcript {
namespace {

using Reader = Status (*)(const ReadAt& read, Emitter& out);
// In the order of Format.
constexpr std::array<Reader, 9> kReaders{read_claude_code, read_chat,       read_chatgpt,
                                         read_markdown,    read_git_log,    read_mcp_memory,
                                         read_mem0,        read_claude_mem, read_basic_memory};

// The text behind its byte order mark, if it begins with one: no reader sees the mark. `read`
// outlives what is returned.
Result<ReadAt> behind_mark(const ReadAt& read) {
  std::array<char, kByteOrderMark.size()> begin{};
  CORTEX_ASSIGN(const std::size_t got, read(0, begin));
  if (std::string_view(begin.data(), got) != kByteOrderMark) return read;
  return ReadAt([&read](std::uint64_t offset, std::span<char> out) {
    return read(offset + kByteOrderMark.size(), out);
  });
}

}  // namespace

Status each_json_line(const ReadAt& read, Emitter& out, const OnLine& on_value) {
  LineReader lines(read);
  LineReader::Line line;
  for (;;) {
    CORTEX_ASSIGN(const bool more, lines.next(line));
    if (!more) return {};
    ++out.counts().lines;
    const std::string_view text = line.text;
    if (is_blank(text) && line.too_long == 0) {
      ++out.counts().empty;
      continue;
    }
    const Place place{
        .session = {}, .key = numbered_key("line", line.number), .with_content = true};
    if (line.too_long != 0) {
      CORTEX_TRY(out.malformed(place, "", too_long_text(line.too_long)));
      continue;
    }
    auto value = json::parse(text);
    if (!value.ok() || value->as_object() == nullptr) {
      CORTEX_TRY(out.malformed(place, text,
                               value.ok() ? std::string("no object") : value.error().message));
      continue;
    }
    CORTEX_TRY(on_value(place, std::move(value).value()));
  }
}

Status each_json_element(const ReadAt& read, Emitter& out, const OnValue& on_value) {
  const auto on_element = [&](std::string_view member, std::string_view text) -> Status {
    const Place place{
        .session = {},
        .key = numbered_key(member.empty() ? "element" : member, ++out.counts().lines),
        .with_content = true};
    auto value = json::parse(text);
    if (!value.ok()) return out.malformed(place, text, value.error().message);
    return on_value(member, place, std::move(value).value());
  };
  return read_elements(read, on_element);
}

Result<char> first_byte(const ReadAt& read) {
  std::array<char, 4096> block{};
  std::uint64_t offset = 0;
  for (;;) {
    CORTEX_ASSIGN(const std::size_t got, read(offset, block));
    const std::string_view text(block.data(), got);
    const std::size_t found = text.find_first_not_of(" \t\r\n");
    if (found != std::string_view::npos) return text[found];
    if (got < block.size()) return '\0';
    offset += got;
  }
}

Result<Counts> read_transcript(Format format, const ReadAt& read, const std::string& session,
                               const OnTurn& on_turn) {
  Counts counts;
  Emitter out(format_token(format), session, on_turn, counts);
  CORTEX_ASSIGN(const ReadAt text, behind_mark(read));
  CORTEX_TRY(kReaders[static_cast<std::size_t>(format)](text, out));
  return counts;
}

}  // namespace cortex::transcript

#include "app/block_headers.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/fixed_bytes.h"
#include "base/text.h"
#include "net/http.h"

namespace cortex::app {
namespace {

using HeaderBytes = decltype(ledger::BlockHeader::bytes);

constexpr int kHeaderTimeoutMillis = 15'000;
constexpr std::size_t kHashCharactersMax = 128;
constexpr std::size_t kAnswerBytesMax = 4096;
constexpr std::size_t kQuorum = 2;

struct Supplied {
  std::uint64_t height = 0;
  ledger::BlockHeader header;
};

Error header_refused(std::string message) {
  Error error = make_error(Code::kPrecondition, std::move(message));
  error.next =
      "give the 80 bytes of a block header, and its height in a file with the ending "
      ".height";
  return error;
}

std::string height_path(const std::string& path) {
  const std::string name = fs::name_of(path);
  const std::size_t dot = name.rfind('.');
  const std::string stem = dot == std::string::npos || dot == 0 ? name : name.substr(0, dot);
  return fs::join(fs::parent_of(path), stem + ".height");
}

Result<Supplied> read_header(Services& services, const std::string& path) {
  auto bytes = fs::read_all(services.fs, path, kAnswerBytesMax);
  if (!bytes.ok()) return with_code(std::move(bytes).error(), Code::kPrecondition);
  const auto header = fixed_bytes<HeaderBytes>(*bytes);
  if (!header) {
    return header_refused(
        cat(quoted(path), " has ", bytes->size(), " bytes, a block header has 80"));
  }
  Supplied out;
  out.header.bytes = *header;
  auto height = fs::read_all(services.fs, height_path(path), kAnswerBytesMax);
  if (!height.ok()) return with_code(std::move(height).error(), Code::kPrecondition);
  const std::string_view digits = trim(*height);
  const auto [end, problem] =
      std::from_chars(digits.data(), digits.data() + digits.size(), out.height);
  if (digits.empty() || problem != std::errc() || end != digits.data() + digits.size()) {
    return header_refused(cat(quoted(height_path(path)), " holds no height"));
  }
  return out;
}

std::optional<std::string> get(Services& services, std::string url) {
  net::Request request;
  request.url = std::move(url);
  request.timeout_millis = kHeaderTimeoutMillis;
  request.answer_bytes_max = kAnswerBytesMax;
  const auto answer = services.http.send(request);
  if (!answer.ok() || answer->status != 200) return std::nullopt;
  return std::string(trim(answer->body));
}

std::optional<ledger::BlockHeader> ask(Services& services, const std::string& provider,
                                       std::uint64_t height) {
  const auto hash = get(services, net::join_url(provider, cat("block-height/", height)));
  if (!hash || hash->empty() || hash->size() > kHashCharactersMax || !is_lower_hex(*hash)) {
    return std::nullopt;
  }
  const auto text = get(services, net::join_url(provider, cat("block/", *hash, "/header")));
  if (!text) return std::nullopt;
  const auto bytes = fixed_bytes<HeaderBytes>(from_hex(*text));
  if (!bytes) return std::nullopt;
  const ledger::BlockHeader header{*bytes};
  if (header.hash() != *hash) return std::nullopt;
  return header;
}

Result<std::optional<ledger::BlockHeader>> ask_all(Services& services,
                                                   const std::vector<std::string>& providers,
                                                   std::uint64_t height) {
  std::vector<ledger::BlockHeader> headers;
  for (const std::string& provider : providers) {
    if (const auto header = ask(services, provider, height)) headers.push_back(*header);
  }
  Error error = make_error(Code::kPrecondition, "");
  if (headers.size() < kQuorum) {
    error.token = "ots.bitcoin_header_quorum.unreachable";
    error.message = cat(counted(headers.size(), "provider"), " gave the header of block ", height,
                        ", two must");
    return error;
  }
  const bool agree = std::ranges::all_of(headers, [&](const ledger::BlockHeader& header) {
    return header.bytes == headers.front().bytes;
  });
  if (agree) return std::optional<ledger::BlockHeader>(headers.front());
  error.token = "ots.bitcoin_header_quorum.providers_disagree";
  error.message = cat("the providers give different headers of block ", height);
  return error;
}

}  // namespace

Result<ledger::HeaderSource> header_source(Services& services, const HeaderOptions& options) {
  std::optional<Supplied> supplied;
  if (options.file) {
    CORTEX_ASSIGN(supplied, read_header(services, *options.file));
  }
  return ledger::HeaderSource(
      [&services, supplied,
       options](std::uint64_t height) -> Result<std::optional<ledger::BlockHeader>> {
        if (supplied && supplied->height == height) {
          return std::optional<ledger::BlockHeader>(supplied->header);
        }
        if (!options.live) return std::optional<ledger::BlockHeader>();
        return ask_all(services, options.providers, height);
      });
}

std::vector<std::string> header_providers(const std::optional<std::string>& setting) {
  if (!setting) return {"https://mempool.space", "https://blockstream.info"};
  std::vector<std::string> out;
  for (const std::string_view part : split(*setting, ',')) {
    if (const std::string_view address = trim(part); !address.empty()) out.emplace_back(address);
  }
  return out;
}

}  // namespace cortex::app

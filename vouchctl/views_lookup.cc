#include "vouchctl/views.h"

namespace vouch {

namespace {

// As dig shows it, so that nothing has to be learnt.
class LookupView final : public View {
 public:
  explicit LookupView(bool is_short) : is_short_(is_short) {}
  std::string end(const Json& last) override {
    if (is_short_) { return short_text(last); }
    std::string out = ";; ->>HEADER<<- opcode: QUERY, status: " + text_in(last, "rcode") + "\n;; flags:";
    for (const Json& flag : list_in(last, "flags")) {
      if (flag.is_string()) { out += " " + printable(flag.get_ref<const std::string&>()); }
    }
    const auto count = [&](std::string_view section) { return std::to_string(list_in(last, section).size()); };
    out += "; ANSWER: " + count("answer") + ", AUTHORITY: " + count("authority") +
           ", ADDITIONAL: " + count("additional") + "\n";
    for (const Json& error : list_in(last, "extended_errors")) {
      const std::string extra = text_in(error, "text");
      out += "; EDE: " + text_in(error, "code") + " (" + text_in(error, "name") + ")" +
             (extra == "-" ? "" : ": (" + extra + ")") + "\n";
    }
    out += "\n;; QUESTION SECTION:\n;" + text_in(last, "name") + "\tIN\t" + text_in(last, "type") + "\n";
    out += section(last, "answer", "ANSWER") + section(last, "authority", "AUTHORITY") +
           section(last, "additional", "ADDITIONAL");
    return out + "\n;; Query time: " + text_in(last, "milliseconds") +
           " msec\n;; MSG SIZE  rcvd: " + text_in(last, "octets") + "\n";
  }

 private:
  static std::string section(const Json& last, std::string_view member, std::string_view title) {
    const Json& records = list_in(last, member);
    if (records.empty()) { return {}; }
    std::string out = "\n;; " + std::string(title) + " SECTION:\n";
    for (const Json& record : records) { out += record_line(record) + "\n"; }
    return out;
  }
  static std::string record_line(const Json& record) {
    return text_in(record, "owner") + "\t" + text_in(record, "ttl") + "\tIN\t" + text_in(record, "type") + "\t" +
           text_in(record, "data");
  }
  static std::string short_text(const Json& last) {
    std::string out;
    for (const Json& record : list_in(last, "answer")) { out += text_in(record, "data") + "\n"; }
    return out;
  }

  const bool is_short_;
};

}  // namespace

std::unique_ptr<View> lookup_view(const Asked& asked) { return std::make_unique<LookupView>(asked.is_short); }

}  // namespace vouch

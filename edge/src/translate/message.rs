//! Messages that come in, and the progress of those we sent.

use callplane_proto::edge::v1::{Media, MessageProgressed, MessageReceived};

use super::field::{Malformed, address, number, present, sid, status, text};
use crate::form::Form;

/// Twilio sends at most ten files with a message; a larger `NumMedia` is not believed.
const MOST_MEDIA: usize = 10;

/// A message that came in, or the fallback request for one.
pub fn received(form: &Form) -> Result<MessageReceived, Malformed> {
    present(form, "From")?;
    present(form, "To")?;
    Ok(MessageReceived {
        message_sid: sid(form, "MessageSid")?,
        messaging_service_sid: text(form, "MessagingServiceSid"),
        from: address(form, "From")?,
        to: address(form, "To")?,
        body: text(form, "Body"),
        num_segments: number(form, "NumSegments").unwrap_or(0),
        media: media(form),
        profile_name: text(form, "ProfileName"),
        error_code: number(form, "ErrorCode").unwrap_or(0),
    })
}

/// Progress of a message. It has no sequence number and no time.
pub fn progress(form: &Form) -> Result<MessageProgressed, Malformed> {
    Ok(MessageProgressed {
        message_sid: sid(form, "MessageSid")?,
        message_status: status(form, "MessageStatus")?,
        from: address(form, "From")?,
        to: address(form, "To")?,
        error_code: number(form, "ErrorCode").unwrap_or(0),
        event_type: text(form, "EventType"),
    })
}

fn media(form: &Form) -> Vec<Media> {
    let count = number::<usize>(form, "NumMedia").unwrap_or(0).min(MOST_MEDIA);
    let named = |index: usize| Media {
        url: text(form, &format!("MediaUrl{index}")),
        content_type: text(form, &format!("MediaContentType{index}")),
    };
    (0..count).map(named).filter(|media| !media.url.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::{progress, received};
    use crate::form::Form;

    #[test]
    fn a_message_brings_its_files() {
        let form = "MessageSid=MM1&From=&To=&Body=&NumMedia=2&MediaUrl0=https%3A%2F%2Fa&MediaContentType0=image%2Fjpeg&MediaUrl1=https%3A%2F%2Fb";
        let event = received(&Form::parse(form.as_bytes(), 200).expect("few fields")).expect("complete");
        let media: Vec<_> = event.media.iter().map(|file| (file.url.as_str(), file.content_type.as_str())).collect();
        assert_eq!(media, [("https://a", "image/jpeg"), ("https://b", "")]);
    }

    #[test]
    fn an_absurd_number_of_files_is_not_believed() {
        let form = Form::parse(b"MessageSid=MM1&From=&To=&NumMedia=99999999999", 200).expect("few fields");
        assert!(received(&form).expect("complete").media.is_empty());
    }

    #[test]
    fn a_failed_message_says_why() {
        let form = Form::parse(b"MessageSid=SM1&MessageStatus=undelivered&ErrorCode=30003", 200).expect("few fields");
        let event = progress(&form).expect("complete");
        assert_eq!((event.message_status.as_str(), event.error_code), ("undelivered", 30003));
    }
}

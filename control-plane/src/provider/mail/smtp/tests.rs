use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};
use uuid::Uuid;

use super::*;
use crate::domain::id::NotificationId;

/// What a server does at a point of the conversation.
#[derive(Clone, Copy)]
enum Temper {
    Kind,
    /// Answers the end of the data so.
    Answers(&'static str),
    /// Takes the data and hangs up.
    HangsUp,
}

/// A server for one conversation; what it was told.
async fn server(temper: Temper) -> (u16, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("it listens").port();
    let talk = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a client");
        let (read, mut write) = stream.into_split();
        let (mut lines, mut heard, mut in_data) = (BufReader::new(read).lines(), String::new(), false);
        write.write_all(b"220 test\r\n").await.expect("it listens");
        while let Ok(Some(line)) = lines.next_line().await {
            heard.push_str(&line);
            heard.push('\n');
            let answer = match (in_data, line.as_str()) {
                (true, ".") => {
                    in_data = false;
                    match temper {
                        Temper::Kind => "250 taken\r\n",
                        Temper::Answers(answer) => answer,
                        Temper::HangsUp => return heard,
                    }
                }
                (true, _) => continue,
                (false, "DATA") => {
                    in_data = true;
                    "354 go on\r\n"
                }
                (false, line) if line.starts_with("EHLO") => "250-test\r\n250 8BITMIME\r\n",
                (false, "QUIT") => "221 bye\r\n",
                (false, _) => "250 ok\r\n",
            };
            if write.write_all(answer.as_bytes()).await.is_err() {
                break;
            }
        }
        heard
    });
    (port, talk)
}

fn smtp(port: u16) -> Smtp {
    let server = SmtpServer::read(&format!("smtp://127.0.0.1:{port}")).expect("valid");
    let from = Sender { name: "Callplane".to_owned(), address: "alerts@example.com".parse().expect("valid") };
    Smtp::new(&server, None, from).expect("it is made")
}

fn mail() -> Mail {
    Mail {
        id: NotificationId::from_uuid(Uuid::from_u128(7)).to_string(),
        to: vec!["ops@example.com".parse().expect("valid"), "boss@example.com".parse().expect("valid")],
        subject: "Main: Ausfall in Köln".to_owned(),
        text: "Callers of the old numbers reach nobody.\n.\nAs ever".to_owned(),
    }
}

#[tokio::test]
async fn a_mail_reaches_everybody_under_our_own_message_id() {
    let (port, talk) = server(Temper::Kind).await;
    let Outcome::Done(taken) = smtp(port).send(&mail()).await else { panic!("it is taken") };
    assert_eq!(taken.message_id, format!("<{}@example.com>", mail().id));
    let heard = talk.await.expect("it ends");
    for part in ["RCPT TO:<ops@example.com>", "RCPT TO:<boss@example.com>", &taken.message_id, "=?utf-8?"] {
        assert!(heard.contains(part), "{part} is missing in {heard}");
    }
}

#[tokio::test]
async fn what_the_server_says_decides_whether_it_is_tried_again() {
    let (port, _talk) = server(Temper::Answers("451 later\r\n")).await;
    let outcome = smtp(port).send(&mail()).await;
    assert!(matches!(&outcome, Outcome::Refused(refused) if refused.cause.is_transient()), "{outcome:?}");
    let (port, _talk) = server(Temper::Answers("550 never\r\n")).await;
    let outcome = smtp(port).send(&mail()).await;
    assert!(matches!(&outcome, Outcome::Refused(refused) if refused.cause == Cause::Invalid), "{outcome:?}");
}

#[tokio::test]
async fn a_server_that_hangs_up_after_the_data_leaves_doubt_and_one_that_is_not_there_does_not() {
    let (port, _talk) = server(Temper::HangsUp).await;
    let outcome = smtp(port).send(&mail()).await;
    assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
    let gone = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = gone.local_addr().expect("it listens").port();
    drop(gone);
    let outcome = smtp(port).send(&mail()).await;
    assert!(matches!(&outcome, Outcome::Refused(refused) if refused.cause == Cause::Unreachable), "{outcome:?}");
}

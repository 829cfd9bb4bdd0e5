"""Given and family names of languages with other scripts, as their bearers write them in Latin
letters. Chosen for this project; each line is common, none is anybody."""

from __future__ import annotations

_ORIGINS: dict[str, tuple[str, str]] = {
    "Chinese": (
        "Wei Xiu Fang Na Min Jing Li Qiang Lei Jun Yang Yong Yan Jie Ming Chao Xia Ping Gang "
        "Mei Hui Ting Xin Yu Hao Xiaoming Xiaohong Jiayi Zihan Yuxuan Meiling Lihua Guifang "
        "Shuyi Wenjun",
        "Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo He Lin Gao Luo "
        "Zheng Liang Xie Tang Deng Feng Cao Peng Zeng Xiao Tian Dong Pan Yuan Cai Jiang Ouyang "
        "Szeto",
    ),
    "Korean": (
        "Minjun Seoyeon Jiwoo Hayoon Dohyun Soojin Eunji Jisoo Hyunwoo Minji Yuna Jaehyun "
        "Sunhee Kyungho Mi-sook Young-ja Ji-hye Seung-min Hye-jin Dong-hyun",
        "Kim Lee Park Choi Jung Kang Cho Yoon Jang Lim Han Oh Seo Shin Kwon Hwang Ahn Song Ryu "
        "Hong",
    ),
    "Japanese": (
        "Haruto Yui Sota Hina Ren Sakura Yuto Aoi Kaito Mei Takumi Riko Kenji Naomi Akiko "
        "Hiroshi Yoko Keiko Takeshi Emi Chiyo Daisuke Ayumi Nobu Haruka Misaki Tomoko",
        "Sato Suzuki Takahashi Tanaka Watanabe Ito Yamamoto Nakamura Kobayashi Kato Yoshida "
        "Yamada Sasaki Yamaguchi Matsumoto Inoue Kimura Hayashi Shimizu Mori Abe Ikeda "
        "Hashimoto Ogawa",
    ),
    "Arabic": (
        "Mohammed Ahmed Ali Omar Youssef Khalid Hassan Ibrahim Mustafa Karim Tariq Walid Fatima "
        "Aisha Maryam Zainab Layla Noor Hana Salma Amira Rania Samira Huda Dalia Yasmin Ghada "
        "Nadia Rasha",
        "Al-Masri Haddad Khoury Hussein El-Sayed Mansour Abdullah Rahman Najjar Saleh Darwish "
        "Nasser Farah Bakri Al-Amin Shaheen Hamdan Qureshi Aziz Ben Ali El Amrani Bensalem "
        "Tahiri Sabbagh",
    ),
    "Persian": (
        "Reza Hossein Mehdi Amir Arash Babak Dariush Navid Kaveh Shirin Nasrin Parisa Laleh "
        "Mahsa Azadeh Zahra Niloufar Golnaz Roya Setareh",
        "Hosseini Ahmadi Karimi Rezaei Moradi Jafari Tehrani Rostami Kazemi Farahani Esfahani "
        "Nazari",
    ),
    "Indian": (
        "Aarav Vivaan Aditya Arjun Rohan Sanjay Vikram Anil Suresh Ramesh Priya Ananya Divya "
        "Kavya Lakshmi Sunita Anjali Meena Deepika Neha Pooja Shreya Swati Geetha Padma Revathi "
        "Harpreet Gurpreet Manpreet Simran Jaspreet Thenmozhi Selvi Murugan",
        "Sharma Verma Patel Gupta Singh Kumar Reddy Nair Iyer Rao Menon Pillai Desai Joshi "
        "Mehta Chatterjee Banerjee Mukherjee Das Ghosh Kaur Gill Sandhu Naidu Krishnan "
        "Subramanian Bhatt",
    ),
    "Ethiopian and Eritrean": (
        "Abebe Kebede Tesfaye Haile Dawit Yonas Bereket Solomon Hiwot Selam Meron Tigist Almaz "
        "Bethel Rahel Sara Senait Mulu Genet Aster",
        "Tadesse Bekele Girma Alemu Worku Desta Tekle Gebre Mengistu Assefa Negash Wolde Habte "
        "Zewde",
    ),
    "West and East African": (
        "Kwame Kofi Ama Abena Akosua Chinedu Ngozi Chiamaka Ifeoma Emeka Oluwaseun Folake "
        "Temitope Adaeze Wanjiru Achieng Otieno Njeri Wairimu Kamau Aminata Fatou Mamadou "
        "Ousmane Awa Thandiwe Sipho Nomvula Lerato Tendai Rudo",
        "Mensah Boateng Owusu Asante Okafor Eze Adeyemi Okonkwo Balogun Mwangi Odhiambo Kariuki "
        "Ochieng Diallo Ndiaye Traore Keita Dlamini Nkosi Khumalo Moyo Ncube Chukwu Abiodun",
    ),
    "Thai, Khmer, Burmese": (
        "Somchai Nattapong Siriporn Malee Kanya Apinya Sokha Bopha Srey Dara Aung Thida Khin "
        "Zaw Su Myat",
        "Srisuk Chaiyasit Wongsakul Saetang Chea Sok Heng Phan Win Htun Lwin Thant Oo",
    ),
    "Pacific": (
        "Sione Mele Losa Tavita Ana Keoni Leilani Kai Makoa Tane Aroha Hemi Ngaire Wiremu Malia "
        "Sefa",
        "Tupou Fonoti Latu Tuilagi Kealoha Kahale Ngata Parata Faleolo Leota Vea Taufa",
    ),
    "Slavic and Caucasian": (
        "Oleksandr Olena Iryna Nataliya Dmytro Svetlana Olga Tatiana Ekaterina Sergei Ivan "
        "Yulia Ksenia Nino Giorgi Tamar Ani Gohar Armen Lilit Aigul Nurlan Dinara Bojana Milica",
        "Shevchenko Kovalenko Bondarenko Ivanov Petrova Smirnova Kuznetsov Volkova Sokolov "
        "Beridze Kapanadze Petrosyan Sargsyan Hakobyan Nazarbayev Abdullaev Jovanovic Nikolic "
        "Dimitrova",
    ),
    "Jewish and Greek": (
        "Yosef Rivka Chaim Shira Avraham Noa Tal Yael Moshe Eitan Eleni Giorgos Dimitra Kostas "
        "Vasiliki Panagiotis Stavroula",
        "Goldberg Katz Levi Mizrahi Rosenthal Shapiro Peretz Ben-David Papadopoulos Nikolaidis "
        "Vassiliou Karagiannis Economou",
    ),
}  # fmt: skip

# (given, family), one pair an origin.
ORIGINS = tuple((given.split(), family.split()) for given, family in _ORIGINS.values())
